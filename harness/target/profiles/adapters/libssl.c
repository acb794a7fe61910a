/* BoringSSL, AWS-LC or OpenSSL: `adapter server|client PORT name=value...`; a server says back all it gets. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#if defined(OPENSSL_IS_BORINGSSL) || defined(OPENSSL_IS_AWSLC)
#define BORING 1
#include <openssl/bytestring.h>
#include <openssl/ec_key.h>
#include <openssl/hpke.h>
#include <openssl/pool.h>
#include <zlib.h>
#else
#include <openssl/ech.h>
#endif
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static char **words;
static SSL_CTX *shared;
static int serves;

static const char *option(const char *name) {
    for (char **word = words; *word; word++)
        if (!strncmp(*word, name, strlen(name)) && (*word)[strlen(name)] == '=') return *word + strlen(name) + 1;
    return NULL;
}

static void must(int good, const char *what) {
    if (good) return;
    fprintf(stderr, "%s\n", what);
    ERR_print_errors_fp(stderr);
    exit(9);
}

static size_t bytes(const char *path, unsigned char *to, size_t most) {
    FILE *file = fopen(path, "rb");
    must(file != NULL, path);
    size_t length = fread(to, 1, most, file);
    fclose(file);
    return length;
}

static EVP_PKEY *key_of(const char *path) {
    BIO *file = BIO_new_file(path, "r");
    EVP_PKEY *key = file ? PEM_read_bio_PrivateKey(file, NULL, NULL, NULL) : NULL;
    must(key != NULL, path);
    BIO_free(file);
    return key;
}

static int version_of(const char *name) {
    const char *names[] = {"ssl3.0", "tls1.0", "tls1.1", "tls1.2", "tls1.3"};
    for (int i = 0; i < 5; i++)
        if (!strncmp(name, names[i], 6)) return SSL3_VERSION + i;
    return 0;
}

static int choose(SSL *tls, const unsigned char **out, unsigned char *length, const unsigned char *in, unsigned offered, void *ours) {
    unsigned char *listed = ours;
    (void)tls;
    int found = SSL_select_next_proto((unsigned char **)out, length, listed + 1, *listed, in, offered);
    return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static int keep(SSL *tls, SSL_SESSION *session) {
    unsigned char der[1 << 16], *end = der;
    int length = i2d_SSL_SESSION(session, NULL);
    FILE *file = length > 0 && length < (int)sizeof der ? fopen(option("session"), "wb") : NULL;
    (void)tls;
    if (!file) return 0;
    i2d_SSL_SESSION(session, &end);
    fwrite(der, 1, length, file);
    fclose(file);
    return 0;
}

#ifdef BORING
static int compress_certificate(SSL *tls, CBB *out, const uint8_t *in, size_t length) {
    uLongf most = compressBound(length);
    uint8_t *to;
    (void)tls;
    return CBB_reserve(out, &to, most) && compress(to, &most, in, length) == Z_OK && CBB_did_write(out, most);
}

static int open_certificate(SSL *tls, CRYPTO_BUFFER **out, size_t whole, const uint8_t *in, size_t length) {
    uint8_t *to;
    uLongf count = whole;
    (void)tls;
    *out = CRYPTO_BUFFER_alloc(&to, whole);
    return *out && uncompress(to, &count, in, length) == Z_OK && count == whole;
}

static EVP_PKEY *holder;
static CRYPTO_BUFFER *credential;

/* A credential for a key of its own, by the key of the certificate. [RFC 9345, 4] */
static CRYPTO_BUFFER *delegate(X509 *leaf, EVP_PKEY *issuer) {
    static const char spaces[] = "                                                                TLS, server delegated credentials";
    EC_KEY *fresh = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_MD_CTX *signing = EVP_MD_CTX_new();
    uint8_t signature[256], *der = NULL;
    size_t length = sizeof signature, der_length = i2d_X509(leaf, &der);
    int days, seconds;
    CBB made, part;
    holder = EVP_PKEY_new();
    must(EC_KEY_generate_key(fresh) && EVP_PKEY_assign_EC_KEY(holder, fresh), "key of the credential");
    must(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(leaf), NULL) && CBB_init(&made, 512), "dates");
    must(CBB_add_u32(&made, days * 86400u + seconds + 86400) && CBB_add_u16(&made, SSL_SIGN_ECDSA_SECP256R1_SHA256)
        && CBB_add_u24_length_prefixed(&made, &part) && EVP_marshal_public_key(&part, holder)
        && CBB_add_u16(&made, SSL_SIGN_ECDSA_SECP256R1_SHA256), "credential");
    must(EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, issuer)
        && EVP_DigestSignUpdate(signing, spaces, sizeof spaces) && EVP_DigestSignUpdate(signing, der, der_length)
        && EVP_DigestSignUpdate(signing, CBB_data(&made), CBB_len(&made))
        && EVP_DigestSignFinal(signing, signature, &length), "signature");
    must(CBB_add_u16_length_prefixed(&made, &part) && CBB_add_bytes(&part, signature, length) && CBB_flush(&made), "credential");
    return CRYPTO_BUFFER_new(CBB_data(&made), CBB_len(&made), NULL);
}
#endif

#ifdef OPENSSL_IS_BORINGSSL
/* Chains of several kinds are known since there are credentials. */
static void identity(const char *chain, const char *key, int delegates) {
    CRYPTO_BUFFER *certificates[8], *staple = NULL;
    size_t count = 0;
    X509 *next, *leaf = NULL;
    BIO *file = BIO_new_file(chain, "r");
    must(file != NULL, chain);
    for (; count < 8 && (next = PEM_read_bio_X509(file, NULL, NULL, NULL)); count++) {
        unsigned char *der = NULL;
        int length = i2d_X509(next, &der);
        if (!count) leaf = next;
        certificates[count] = CRYPTO_BUFFER_new(der, length, NULL);
    }
    ERR_clear_error();
    BIO_free(file);
    EVP_PKEY *own = key_of(key);
    SSL_CREDENTIAL *made = delegates ? SSL_CREDENTIAL_new_delegated() : SSL_CREDENTIAL_new_x509();
    if (delegates) {
        must(SSL_CREDENTIAL_set1_delegated_credential(made, delegate(leaf, own)), "credential");
        own = holder;
    }
    must(SSL_CREDENTIAL_set1_cert_chain(made, certificates, count) && SSL_CREDENTIAL_set1_private_key(made, own), chain);
    if (option("staple")) {
        uint8_t der[4096];
        staple = CRYPTO_BUFFER_new(der, bytes(option("staple"), der, sizeof der), NULL);
        must(SSL_CREDENTIAL_set1_ocsp_response(made, staple), "staple");
    }
    must(SSL_CTX_add1_credential(shared, made), chain);
}
#else
static void identity(const char *chain, const char *key, int delegates) {
    if (delegates) return;
    must(SSL_CTX_use_certificate_chain_file(shared, chain) == 1, chain);
    must(SSL_CTX_use_PrivateKey_file(shared, key, SSL_FILETYPE_PEM) == 1, key);
}
#endif

#ifndef BORING
static unsigned int psk(char *identity, unsigned int room, unsigned char *key, unsigned int most) {
    unsigned int length = 0, byte;
    if (room) snprintf(identity, room, "gauntlet");
    if (strcmp(identity, "gauntlet")) return 0;
    for (const char *hex = option("psk"); length < most && sscanf(hex, "%2x", &byte) == 1; hex += 2) key[length++] = byte;
    return length;
}

static unsigned int psk_of_server(SSL *tls, const char *identity, unsigned char *key, unsigned int most) {
    (void)tls;
    return psk((char *)identity, 0, key, most);
}

static unsigned int psk_of_client(SSL *tls, const char *hint, char *identity, unsigned int room, unsigned char *key, unsigned int most) {
    (void)tls, (void)hint;
    return psk(identity, room, key, most);
}

static int staple(SSL *tls, void *unused) {
    unsigned char *der = OPENSSL_malloc(4096);
    (void)unused;
    SSL_set_tlsext_status_ocsp_resp(tls, der, bytes(option("staple"), der, 4096));
    return SSL_TLSEXT_ERR_OK;
}

static int cookie(SSL *tls, unsigned char *made, size_t *length) {
    (void)tls;
    memcpy(made, "gauntlet", *length = 8);
    return 1;
}

static int is_cookie(SSL *tls, const unsigned char *came, size_t length) {
    (void)tls;
    return length == 8 && !memcmp(came, "gauntlet", 8);
}

/* Of raw public keys, the one that was said beforehand. */
static int is_known(int verified, X509_STORE_CTX *context) {
    static EVP_PKEY *known;
    EVP_PKEY *raw = X509_STORE_CTX_get0_rpk(context);
    if (!raw) return verified;
    if (!known) known = PEM_read_bio_PUBKEY(BIO_new_file(option("known_key"), "r"), NULL, NULL, NULL);
    if (EVP_PKEY_eq(raw, known) != 1) return 0;
    X509_STORE_CTX_set_error(context, X509_V_OK);
    return 1;
}

static void only_openssl(void) {
    const unsigned char raw_first[] = {TLSEXT_cert_type_rpk, TLSEXT_cert_type_x509};
    SSL_CTX_set_dh_auto(shared, 1);
    if (option("renegotiation")) SSL_CTX_set_options(shared, serves ? SSL_OP_ALLOW_CLIENT_RENEGOTIATION : 0);
    if (option("unsafe_renegotiation")) SSL_CTX_set_options(shared, SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
    if (option("compatibility")) SSL_CTX_clear_options(shared, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
    if (option("post_handshake_auth")) SSL_CTX_set_post_handshake_auth(shared, 1);
    if (option("psk") && serves) SSL_CTX_set_psk_server_callback(shared, psk_of_server);
    if (option("psk") && !serves) SSL_CTX_set_psk_client_callback(shared, psk_of_client);
    if (option("psk_hint")) must(SSL_CTX_use_psk_identity_hint(shared, option("psk_hint")), "hint");
    if (option("staple")) SSL_CTX_set_tlsext_status_cb(shared, staple);
    if (option("raw_public_key")) {
        must(SSL_CTX_set1_server_cert_type(shared, raw_first, 2), "raw public key");
        if (option("client_auth")) must(SSL_CTX_set1_client_cert_type(shared, raw_first, 2), "raw public key of clients");
        SSL_CTX_set_verify(shared, SSL_CTX_get_verify_mode(shared), is_known);
    }
    if (option("early_data")) SSL_CTX_set_max_early_data(shared, 16384), SSL_CTX_set_recv_max_early_data(shared, 16384);
    if (option("tickets")) SSL_CTX_set_num_tickets(shared, 0);
    SSL_CTX_set_stateless_cookie_generate_cb(shared, cookie);
    SSL_CTX_set_stateless_cookie_verify_cb(shared, is_cookie);
    const char *compression = option("certificate_compression");
    if (compression) {
        int algorithm = !strcmp(compression, "zlib") ? TLSEXT_comp_cert_zlib
            : !strcmp(compression, "brotli") ? TLSEXT_comp_cert_brotli : TLSEXT_comp_cert_zstd;
        must(SSL_CTX_set1_cert_comp_preference(shared, &algorithm, 1), compression);
        if (option("cert")) SSL_CTX_compress_certs(shared, algorithm);
    } else {
        SSL_CTX_set_options(shared, SSL_OP_NO_TX_CERTIFICATE_COMPRESSION | SSL_OP_NO_RX_CERTIFICATE_COMPRESSION);
    }
    if (serves && option("ech_key")) {
        unsigned char config[1024], list[1026];
        EVP_PKEY *key = key_of(option("ech_key"));
        size_t length = bytes(option("ech_config"), config, sizeof config);
        list[0] = length >> 8, list[1] = length;
        memcpy(list + 2, config, length);
        BIO *text = BIO_new(BIO_s_mem());
        OSSL_ECHSTORE *store = OSSL_ECHSTORE_new(NULL, NULL);
        must(PEM_write_bio(text, "ECHCONFIG", "", list, length + 2) > 0, "PEM");
        must(OSSL_ECHSTORE_set1_key_and_read_pem(store, key, text, OSSL_ECH_FOR_RETRY) && SSL_CTX_set1_echstore(shared, store), "ECH");
    }
    if (option("ech") && !strcmp(option("ech"), "grease")) SSL_CTX_set_options(shared, SSL_OP_ECH_GREASE);
}
#else
static void only_boring(void) {
    if (option("early_data")) SSL_CTX_set_early_data_enabled(shared, 1);
    if (option("certificate_compression"))
        must(SSL_CTX_add_cert_compression_alg(shared, TLSEXT_cert_compression_zlib, compress_certificate, open_certificate), "zlib");
#ifdef OPENSSL_IS_AWSLC
    unsigned char der[4096];
    if (option("delegate")) credential = delegate(SSL_CTX_get0_certificate(shared), SSL_CTX_get0_privatekey(shared));
    if (option("staple")) must(SSL_CTX_set_ocsp_response(shared, der, bytes(option("staple"), der, sizeof der)), "staple");
#endif
    if (serves && option("ech_key")) {
        unsigned char secret[256], config[1024];
        EVP_HPKE_KEY *key = EVP_HPKE_KEY_new();
        SSL_ECH_KEYS *keys = SSL_ECH_KEYS_new();
        must(EVP_HPKE_KEY_init(key, EVP_hpke_x25519_hkdf_sha256(), secret, bytes(option("ech_key"), secret, sizeof secret)), "key");
        must(SSL_ECH_KEYS_add(keys, 1, config, bytes(option("ech_config"), config, sizeof config), key), "ECH");
        must(SSL_CTX_set1_ech_keys(shared, keys), "ECH");
    }
}
#endif

static void context(void) {
    static unsigned char protocols[256];
    const char *versions = option("versions") ? option("versions") : "tls1.2-tls1.3", *upper = strchr(versions, '-');
    const char *auth = option("client_auth") ? option("client_auth") : "none";
    shared = SSL_CTX_new(TLS_method());
    must(shared != NULL, "context");
    must(SSL_CTX_set_min_proto_version(shared, version_of(versions)), "lowest version");
    must(SSL_CTX_set_max_proto_version(shared, version_of(upper ? upper + 1 : versions)), "highest version");
#ifdef BORING
    if (option("suites")) must(SSL_CTX_set_cipher_list(shared, "ALL"), "suites");
#else
    if (option("suites")) must(SSL_CTX_set_cipher_list(shared, "ALL:COMPLEMENTOFALL:@SECLEVEL=0"), "suites");
    if (version_of(versions) < TLS1_2_VERSION) must(SSL_CTX_set_cipher_list(shared, "ALL:@SECLEVEL=0"), "suites");
#endif
    if (option("delegate")) identity(option("delegate"), option("delegate_key"), 1);
    if (option("cert")) identity(option("cert"), option("key"), 0);
    if (option("cert2")) identity(option("cert2"), option("key2"), 0);
#ifdef OPENSSL_IS_AWSLC
    if (option("delegate")) identity(option("delegate"), option("delegate_key"), 0);
#endif
    if (option("ca")) must(SSL_CTX_load_verify_locations(shared, option("ca"), NULL), "root");
    if (option("ca") && serves) SSL_CTX_set_client_CA_list(shared, SSL_load_client_CA_file(option("ca")));
    int verify = serves && !strcmp(auth, "none") ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
    if (!strcmp(auth, "require")) verify |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(shared, verify, NULL);
    if (serves) SSL_CTX_set_session_id_context(shared, (const unsigned char *)"gauntlet", 8);
    if (option("groups")) must(SSL_CTX_set1_groups_list(shared, option("groups")), "groups");
    if (option("tickets")) SSL_CTX_set_options(shared, SSL_OP_NO_TICKET);
    for (const char *name = option("alpn"), *end; name && *name; name = *end ? end + 1 : end) {
        end = name + strcspn(name, ",");
        protocols[protocols[0] + 1] = end - name;
        memcpy(protocols + protocols[0] + 2, name, end - name);
        protocols[0] += end - name + 1;
    }
    if (*protocols && serves) SSL_CTX_set_alpn_select_cb(shared, choose, protocols);
    if (*protocols && !serves) SSL_CTX_set_alpn_protos(shared, protocols + 1, *protocols);
    if (option("session")) {
        SSL_CTX_set_session_cache_mode(shared, SSL_SESS_CACHE_CLIENT);
        SSL_CTX_sess_set_new_cb(shared, keep);
    }
#ifdef BORING
    only_boring();
#else
    only_openssl();
#endif
}

static void as_client(SSL *tls) {
    unsigned char content[1 << 16];
    const unsigned char *begin = content;
    SSL_set_connect_state(tls);
    must(SSL_set_tlsext_host_name(tls, option("name")) && SSL_set1_host(tls, option("name")), "name");
    FILE *file = option("resume") ? fopen(option("resume"), "rb") : NULL;
    if (file) {
        size_t length = fread(content, 1, sizeof content, file);
        fclose(file);
#ifdef BORING
        SSL_SESSION *session = SSL_SESSION_from_bytes(begin, length, shared);
#else
        SSL_SESSION *session = d2i_SSL_SESSION(NULL, &begin, length);
#endif
        if (session) SSL_set_session(tls, session);
        /* Sessions of TLS 1.3 are for one connection. */
        if (session && SSL_SESSION_get_protocol_version(session) == TLS1_3_VERSION) unlink(option("resume"));
    }
    if (option("ech_configs"))
        must(SSL_set1_ech_config_list(tls, content, bytes(option("ech_configs"), content, sizeof content)), "ECH");
#ifdef BORING
    if (option("ech")) SSL_set_enable_ech_grease(tls, 1);
    if (option("renegotiation")) SSL_set_renegotiate_mode(tls, ssl_renegotiate_freely);
#endif
}

static void export(SSL *tls) {
    unsigned char value[32];
    const char *label = option("exporter");
    must(SSL_export_keying_material(tls, value, 32, label, strlen(label), NULL, 0, 0) == 1, "exporter");
    printf("EXPORTED ");
    for (int i = 0; i < 32; i++) printf("%02x", value[i]);
    printf("\n");
    fflush(stdout);
}

static void *converse(void *connection) {
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    int socket = (int)(intptr_t)connection, one = 1, result = 0, count = 0, wrong = 0;
    struct timeval patience = {60, 0};
    char data[16384];
    size_t early = 0, some = 0;
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    SSL *tls = SSL_new(shared);
    SSL_set_fd(tls, socket);
    if (!serves) as_client(tls);
#ifdef OPENSSL_IS_AWSLC
    if (credential) SSL_set1_delegated_credential(tls, credential, holder, NULL);
#endif
#ifndef BORING
    if (serves && option("early_data")) {
        do result = SSL_read_early_data(tls, data + early, sizeof data - early, &some), early += some;
        while (result == SSL_READ_EARLY_DATA_SUCCESS && early < sizeof data);
    }
    if (!serves && option("early_data") && SSL_get0_session(tls) && SSL_SESSION_get_max_early_data(SSL_get0_session(tls)))
        SSL_write_early_data(tls, request, sizeof request - 1, &some);
    /* Once a cookie has been asked for, it goes on anew. */
    while (serves && option("cookie") && !(result = SSL_stateless(tls)));
    if (!serves || (option("early_data") ? result == SSL_READ_EARLY_DATA_FINISH : !option("cookie") || result == 1))
        result = serves ? SSL_accept(tls) : SSL_connect(tls);
    else
        result = -1;
    int asked = SSL_get_early_data_status(tls) == SSL_EARLY_DATA_ACCEPTED;
#else
    (void)some;
    result = serves ? SSL_accept(tls) : SSL_connect(tls);
    int asked = 0;
#endif
    if (result == 1 && option("exporter")) export(tls);
    if (result == 1 && !serves && !asked) SSL_write(tls, request, sizeof request - 1);
    if (result == 1 && early) SSL_write(tls, data, early);
#ifdef BORING
    /* Tickets wait for something to be written. */
    if (result == 1 && serves && !SSL_in_early_data(tls)) SSL_write(tls, data, 0);
#endif
    while (result == 1) {
        count = SSL_read(tls, data, sizeof data);
#ifdef BORING
        if (count <= 0 && SSL_get_error(tls, count) == SSL_ERROR_EARLY_DATA_REJECTED) {
            SSL_reset_early_data_reject(tls);
            result = SSL_connect(tls);
            if (result == 1) SSL_write(tls, request, sizeof request - 1);
            continue;
        }
#endif
        if (count > 0 && serves) count = SSL_write(tls, data, count);
        if (count <= 0) break;
    }
    if (result != 1) wrong = SSL_get_error(tls, result);
    else if (SSL_get_error(tls, count) != SSL_ERROR_ZERO_RETURN) wrong = SSL_get_error(tls, count);
    if (wrong) ERR_print_errors_fp(stderr);
    if (!wrong) SSL_shutdown(tls);
    /* What is unread when the socket closes would destroy an alert that is under way. */
    shutdown(socket, SHUT_WR);
    while (recv(socket, data, sizeof data, serves ? 0 : MSG_DONTWAIT) > 0);
    if (!serves) exit(wrong != 0);
    SSL_free(tls);
    close(socket);
    return NULL;
}

int main(int count, char **arguments) {
    must(count > 2, "server|client PORT name=value...");
    signal(SIGPIPE, SIG_IGN);
    words = arguments + 3;
    serves = !strcmp(arguments[1], "server");
    int one = 1, made = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    context();
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!serves) {
        must(!connect(made, (struct sockaddr *)&address, sizeof address), "connect");
        converse((void *)(intptr_t)made);
    }
    if (bind(made, (struct sockaddr *)&address, sizeof address)) perror("bind"), exit(9);
    must(!listen(made, 64), "listen");
    puts("READY");
    fflush(stdout);
    for (;;) {
        pthread_t thread;
        int connection = accept(made, NULL, NULL);
        if (connection >= 0 && !pthread_create(&thread, NULL, converse, (void *)(intptr_t)connection)) pthread_detach(thread);
    }
}
