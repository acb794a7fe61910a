/* wolfSSL: `adapter server|client PORT name=value...`; a server says back all it gets, one connection after another. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>
#include <wolfssl/error-ssl.h>
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static char **words;

static const char *option(const char *name) {
    for (char **word = words; *word; word++)
        if (!strncmp(*word, name, strlen(name)) && (*word)[strlen(name)] == '=') return *word + strlen(name) + 1;
    return NULL;
}

static void must(int good, const char *what) {
    if (!good) { fprintf(stderr, "%s\n", what); exit(9); }
}

static unsigned int psk(WOLFSSL *tls, const char *identity, unsigned char *key, unsigned int most) {
    unsigned int length = 0, byte;
    (void)tls;
    if (strcmp(identity, "gauntlet")) return 0;
    for (const char *hex = option("psk"); length < most && sscanf(hex, "%2x", &byte) == 1; hex += 2) key[length++] = byte;
    return length;
}

/* Without a key no suite with one: a server would choose such suites all the same, and then fail. */
static void without_psk(WOLFSSL_CTX *made) {
    char fit[8192] = "";
    WOLFSSL *tls = wolfSSL_new(made);
    WOLF_STACK_OF(WOLFSSL_CIPHER) *all = wolfSSL_get_ciphers_compat(tls);
    for (int i = 0; i < wolfSSL_sk_SSL_CIPHER_num(all); i++) {
        const char *name = wolfSSL_CIPHER_get_name(wolfSSL_sk_SSL_CIPHER_value(all, i));
        if (!strstr(name, "PSK")) strcat(strcat(fit, *fit ? ":" : ""), name);
    }
    must(wolfSSL_CTX_set_cipher_list(made, fit) == 1, "suites");
    wolfSSL_free(tls);
}

/* Intermediates of earlier connections would be trusted as well, so that verdicts hung on the order. */
static void trust(WOLFSSL_CTX *made) {
    if (!option("ca")) return;
    wolfSSL_CTX_UnloadCAs(made);
    must(wolfSSL_CTX_load_verify_locations(made, option("ca"), NULL) == 1, "root");
}

static WOLFSSL_CTX *context(int serves) {
    const char *versions = option("versions") ? option("versions") : "";
    WOLFSSL_METHOD *method = serves ? wolfSSLv23_server_method() : wolfSSLv23_client_method();
    if (!strcmp(versions, "tls1.2")) method = serves ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method();
    if (!strcmp(versions, "tls1.3")) method = serves ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method();
    WOLFSSL_CTX *made = wolfSSL_CTX_new(method);
    must(made != NULL, "context");
    wolfSSL_CTX_SetMinVersion(made, WOLFSSL_TLSV1_2);
    if (option("cert")) {
        must(wolfSSL_CTX_use_certificate_chain_file(made, option("cert")) == 1, "certificate");
        must(wolfSSL_CTX_use_PrivateKey_file(made, option("key"), WOLFSSL_FILETYPE_PEM) == 1, "key");
    }
    if (serves && option("psk")) wolfSSL_CTX_set_psk_server_callback(made, psk);
    if (serves && !option("psk")) without_psk(made);
    trust(made);
    const char *auth = option("client_auth") ? option("client_auth") : "none";
    int verify = serves ? WOLFSSL_VERIFY_NONE : WOLFSSL_VERIFY_PEER;
    if (serves && strcmp(auth, "none")) verify = WOLFSSL_VERIFY_PEER;
    if (serves && !strcmp(auth, "require")) verify |= WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    wolfSSL_CTX_set_verify(made, verify, NULL);
    return made;
}

static void converse(WOLFSSL_CTX *made, int socket, int serves) {
    char data[16384];
    struct timeval patience = {60, 0};
    int one = 1;
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    /* An alert that waits behind an unanswered record would be lost when the socket closes. */
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    trust(made);
    WOLFSSL *tls = wolfSSL_new(made);
    wolfSSL_set_fd(tls, socket);
    if (option("alpn")) {
        char protocols[256];
        snprintf(protocols, sizeof protocols, "%s", option("alpn"));
        wolfSSL_UseALPN(tls, protocols, strlen(protocols), WOLFSSL_ALPN_FAILED_ON_MISMATCH);
    }
    if (!serves) {
        wolfSSL_UseSNI(tls, WOLFSSL_SNI_HOST_NAME, option("name"), strlen(option("name")));
        wolfSSL_check_domain_name(tls, option("name"));
    }
    if (option("cookie")) must(wolfSSL_send_hrr_cookie(tls, (const unsigned char *)"gauntlet", 8) == 1, "cookie");
    if (option("exporter")) wolfSSL_KeepArrays(tls);
    int result = serves ? wolfSSL_accept(tls) : wolfSSL_connect(tls), count = 0, wrong = 0;
    if (result != 1) fprintf(stderr, "%d\n", wolfSSL_get_error(tls, result));
    if (result == 1 && option("exporter")) {
        unsigned char value[32];
        const char *label = option("exporter");
        must(wolfSSL_export_keying_material(tls, value, 32, label, strlen(label), NULL, 0, 0) == 1, "exporter");
        printf("EXPORTED ");
        for (int i = 0; i < 32; i++) printf("%02x", value[i]);
        printf("\n");
        fflush(stdout);
    }
    if (result == 1 && !serves) wolfSSL_write(tls, "GET / HTTP/1.0\r\n\r\n", 18);
    while (result == 1 && (count = wolfSSL_read(tls, data, sizeof data)) > 0)
        if (serves) wolfSSL_write(tls, data, count);
    if (count < 0 && wolfSSL_get_error(tls, count) != SOCKET_PEER_CLOSED_E) wrong = wolfSSL_get_error(tls, count);
    if (wrong) fprintf(stderr, "%d\n", wrong);
    /* Behind an error, close_notify would say that all was well. */
    if (result == 1 && !wrong) wolfSSL_shutdown(tls);
    wolfSSL_free(tls);
    close(socket);
    if (!serves) exit(result != 1 || wrong);
}

int main(int count, char **arguments) {
    must(count > 2, "server|client PORT name=value...");
    signal(SIGPIPE, SIG_IGN);
    words = arguments + 3;
    int serves = !strcmp(arguments[1], "server"), one = 1, made = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    wolfSSL_Init();
    WOLFSSL_CTX *shared = context(serves);
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!serves) {
        must(!connect(made, (struct sockaddr *)&address, sizeof address), "connect");
        converse(shared, made, 0);
    }
    if (bind(made, (struct sockaddr *)&address, sizeof address)) perror("bind"), exit(9);
    must(!listen(made, 64), "listen");
    puts("READY");
    fflush(stdout);
    for (;;) converse(shared, accept(made, NULL, NULL), 1);
}
