/* Mbed TLS 2.28: `adapter server|client PORT name=value...`; a server says back all it gets, one connection after another. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char **words;
static mbedtls_ssl_config config;
static mbedtls_ctr_drbg_context drbg;

static const char *option(const char *name) {
    for (char **word = words; *word; word++)
        if (!strncmp(*word, name, strlen(name)) && (*word)[strlen(name)] == '=') return *word + strlen(name) + 1;
    return NULL;
}

static void must(int result, const char *what) {
    if (result) { fprintf(stderr, "%s: -0x%04x\n", what, -result); exit(9); }
}

static void certificate(const char *cert, const char *key) {
    mbedtls_x509_crt *chain = calloc(1, sizeof *chain);
    mbedtls_pk_context *own = calloc(1, sizeof *own);
    if (!option(cert)) return;
    must(mbedtls_x509_crt_parse_file(chain, option(cert)), "certificate");
    must(mbedtls_pk_parse_keyfile(own, option(key), NULL), "key");
    must(mbedtls_ssl_conf_own_cert(&config, chain, own), "pair");
}

static void configure(int serves) {
    static mbedtls_entropy_context entropy;
    static mbedtls_ssl_ticket_context tickets;
    static mbedtls_ssl_cache_context cache;
    static mbedtls_x509_crt root;
    static const char *protocols[8];
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&drbg);
    must(mbedtls_ctr_drbg_seed(&drbg, mbedtls_entropy_func, &entropy, NULL, 0), "seed");
    mbedtls_ssl_config_init(&config);
    must(mbedtls_ssl_config_defaults(&config, serves, MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT), "config");
    mbedtls_ssl_conf_rng(&config, mbedtls_ctr_drbg_random, &drbg);
    int old = option("versions") && strstr(option("versions"), "tls1.0-");
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, old ? 1 : 3);
    certificate("cert", "key");
    certificate("cert2", "key2");
    if (option("ca")) {
        must(mbedtls_x509_crt_parse_file(&root, option("ca")), "root");
        mbedtls_ssl_conf_ca_chain(&config, &root, NULL);
    }
    const char *auth = option("client_auth") ? option("client_auth") : serves ? "none" : "require";
    mbedtls_ssl_conf_authmode(&config, !strcmp(auth, "none") ? MBEDTLS_SSL_VERIFY_NONE
        : !strcmp(auth, "request") && serves ? MBEDTLS_SSL_VERIFY_OPTIONAL : MBEDTLS_SSL_VERIFY_REQUIRED);
    if (option("alpn")) {
        char *rest = strdup(option("alpn"));
        for (int i = 0; i < 7 && (protocols[i] = strsep(&rest, ",")); i++) continue;
        must(mbedtls_ssl_conf_alpn_protocols(&config, protocols), "alpn");
    }
    if (serves && !(option("tickets") && !strcmp(option("tickets"), "no"))) {
        mbedtls_ssl_ticket_init(&tickets);
        must(mbedtls_ssl_ticket_setup(&tickets, mbedtls_ctr_drbg_random, &drbg, MBEDTLS_CIPHER_AES_256_GCM, 86400), "tickets");
        mbedtls_ssl_conf_session_tickets_cb(&config, mbedtls_ssl_ticket_write, mbedtls_ssl_ticket_parse, &tickets);
    }
    mbedtls_ssl_cache_init(&cache);
    if (serves) mbedtls_ssl_conf_session_cache(&config, &cache, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
    mbedtls_ssl_conf_read_timeout(&config, 60000);
}

static void converse(mbedtls_net_context *stream, int serves) {
    unsigned char data[16384];
    mbedtls_ssl_context tls;
    mbedtls_ssl_init(&tls);
    must(mbedtls_ssl_setup(&tls, &config), "setup");
    if (!serves) must(mbedtls_ssl_set_hostname(&tls, option("name")), "name");
    mbedtls_ssl_set_bio(&tls, stream, mbedtls_net_send, NULL, mbedtls_net_recv_timeout);
    int result = mbedtls_ssl_handshake(&tls), count = 0;
    if (result) fprintf(stderr, "-0x%04x\n", -result);
    if (!result && !serves) mbedtls_ssl_write(&tls, (const unsigned char *)"GET / HTTP/1.0\r\n\r\n", 18);
    while (!result && (count = mbedtls_ssl_read(&tls, data, sizeof data)) > 0)
        if (serves) for (int sent = 0, part; sent < count && (part = mbedtls_ssl_write(&tls, data + sent, count - sent)) > 0; sent += part) continue;
    int wrong = count < 0 && count != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY && count != MBEDTLS_ERR_SSL_CONN_EOF;
    if (wrong) fprintf(stderr, "-0x%04x\n", -count);
    /* Behind an error, close_notify would say that all was well. */
    if (!result && !wrong) mbedtls_ssl_close_notify(&tls);
    mbedtls_ssl_free(&tls);
    mbedtls_net_free(stream);
    if (!serves) exit(result != 0 || wrong);
}

int main(int count, char **arguments) {
    if (count < 3) return 9;
    signal(SIGPIPE, SIG_IGN);
    words = arguments + 3;
    int serves = !strcmp(arguments[1], "server");
    mbedtls_net_context listener, stream;
    mbedtls_net_init(&listener);
    mbedtls_net_init(&stream);
    configure(serves);
    if (!serves) {
        must(mbedtls_net_connect(&stream, "127.0.0.1", arguments[2], MBEDTLS_NET_PROTO_TCP), "connect");
        converse(&stream, 0);
    }
    int result = mbedtls_net_bind(&listener, "127.0.0.1", arguments[2], MBEDTLS_NET_PROTO_TCP);
    if (result == MBEDTLS_ERR_NET_BIND_FAILED) perror("bind");
    must(result, "bind");
    puts("READY");
    fflush(stdout);
    while (!mbedtls_net_accept(&listener, &stream, NULL, 0, NULL)) converse(&stream, 1);
}
