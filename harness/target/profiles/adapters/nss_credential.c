/* NSS: `adapter PORT cert=DER key=DER issuer=DER [credential=yes]`; says back all it gets, one connection after another.
 * With a delegated credential, which selfserv has no option for. */
#include <nspr.h>
#include <nss.h>
#include <nssb64.h>
#include <pk11pub.h>
#include <cert.h>
#include <keyhi.h>
#include <secerr.h>
#include <ssl.h>
#include <sslexp.h>
#include <sslproto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **words;

static const char *option(const char *name) {
    for (char **word = words; *word; word++)
        if (!strncmp(*word, name, strlen(name)) && (*word)[strlen(name)] == '=') return *word + strlen(name) + 1;
    return NULL;
}

static void must(int good, const char *what) {
    if (!good) { fprintf(stderr, "%s: %d\n", what, PORT_GetError()); exit(9); }
}

/* One file of PEM, of which only the first block is read, as DER. */
static SECItem file(const char *path) {
    static char text[1 << 16];
    FILE *stream = path ? fopen(path, "r") : NULL;
    must(stream != NULL, "file");
    text[fread(text, 1, sizeof text - 1, stream)] = 0;
    fclose(stream);
    char *begin = strstr(text, "-----BEGIN"), *end = strstr(text, "-----END");
    must(begin && end, "PEM");
    begin = strchr(begin, '\n') + 1;
    *end = 0;
    SECItem item = {siBuffer, NULL, 0};
    must(NSSBase64_DecodeBuffer(NULL, &item, begin, strlen(begin)) != NULL, "base64");
    return item;
}

static CERTCertificate *certificate(const char *name) {
    SECItem der = file(option(name));
    CERTCertificate *made = CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &der, NULL, PR_FALSE, PR_TRUE);
    must(made != NULL, name);
    return made;
}

int main(int count, char **arguments) {
    must(count > 2, "PORT name=value...");
    words = arguments + 2;
    must(NSS_NoDB_Init(NULL) == SECSuccess, "NSS");
    CERTCertificate *leaf = certificate("cert");
    certificate("issuer");
    PK11SlotInfo *slot = PK11_GetInternalKeySlot();
    SECItem der = file(option("key"));
    SECKEYPrivateKey *key = NULL, *own = NULL;
    must(PK11_ImportDERPrivateKeyInfoAndReturnKey(slot, &der, NULL, NULL, PR_FALSE, PR_TRUE, KU_ALL, &key, NULL) == SECSuccess, "key");
    SECItem credential = {siBuffer, NULL, 0};
    if (option("credential")) {
        SECOidData *curve = SECOID_FindOIDByTag(SEC_OID_ANSIX962_EC_PRIME256V1);
        unsigned char name[32] = {SEC_ASN1_OBJECT_ID, curve->oid.len};
        memcpy(name + 2, curve->oid.data, curve->oid.len);
        SECItem parameters = {siBuffer, name, curve->oid.len + 2};
        SECKEYPublicKey *public = NULL;
        own = PK11_GenerateKeyPairWithOpFlags(slot, CKM_EC_KEY_PAIR_GEN, &parameters, &public,
            PK11_ATTR_SESSION | PK11_ATTR_INSENSITIVE | PK11_ATTR_PUBLIC, CKF_SIGN, CKF_SIGN, NULL);
        must(own != NULL, "credential's key");
        must(SSL_DelegateCredential(leaf, key, public, ssl_sig_ecdsa_secp256r1_sha256, 24 * 3600, PR_Now(), &credential) == SECSuccess, "credential");
    }
    SSLVersionRange versions = {SSL_LIBRARY_VERSION_TLS_1_2, SSL_LIBRARY_VERSION_TLS_1_3};
    SSL_VersionRangeSetDefault(ssl_variant_stream, &versions);
    SSL_ConfigServerSessionIDCache(0, 0, 0, NULL);
    PRFileDesc *model = SSL_ImportFD(NULL, PR_NewTCPSocket()), *listener = PR_NewTCPSocket();
    SSLExtraServerCertData more = {ssl_auth_null, NULL, NULL, NULL, NULL, NULL};
    if (own) more.delegCred = &credential, more.delegCredPrivKey = own;
    must(SSL_ConfigServerCert(model, leaf, key, &more, sizeof more) == SECSuccess, "server");
    PRNetAddr address;
    PR_InitializeNetAddr(PR_IpAddrLoopback, atoi(arguments[1]), &address);
    PRSocketOptionData reuse = {.option = PR_SockOpt_Reuseaddr, .value.reuse_addr = PR_TRUE};
    PR_SetSocketOption(listener, &reuse);
    must(PR_Bind(listener, &address) == PR_SUCCESS, "bind");
    must(PR_Listen(listener, 64) == PR_SUCCESS, "listen");
    puts("READY");
    fflush(stdout);
    for (;;) {
        static char data[16384];
        int length;
        PRFileDesc *stream = SSL_ImportFD(model, PR_Accept(listener, NULL, PR_INTERVAL_NO_TIMEOUT));
        SSL_ResetHandshake(stream, PR_TRUE);
        while ((length = PR_Recv(stream, data, sizeof data, 0, PR_SecondsToInterval(60))) > 0)
            PR_Send(stream, data, length, 0, PR_INTERVAL_NO_TIMEOUT);
        if (length < 0) fprintf(stderr, "%d\n", PR_GetError());
        PR_Close(stream);
    }
}
