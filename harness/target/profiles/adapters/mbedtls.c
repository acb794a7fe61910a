/* Mbed TLS 2.28 or 3.6: `adapter server|client PORT name=value...`; a server says back all it gets, one connection after another. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/ssl_ticket.h>
#include <mbedtls/version.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#define NEWER (MBEDTLS_VERSION_NUMBER >= 0x03000000)
#if NEWER
#include <psa/crypto.h>
#endif

static const char request[] = "GET / HTTP/1.0\r\n\r\n";
static char **words;
static int ended;
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
#if NEWER
    must(mbedtls_pk_parse_keyfile(own, option(key), NULL, mbedtls_ctr_drbg_random, &drbg), "key");
#else
    must(mbedtls_pk_parse_keyfile(own, option(key), NULL), "key");
#endif
    must(mbedtls_ssl_conf_own_cert(&config, chain, own), "pair");
}

#if NEWER
static void only_newer(int serves) {
    static uint16_t groups[16];
    unsigned char key[64];
    unsigned length = 0, byte;
    const char *versions = option("versions") ? option("versions") : "tls1.2-tls1.3";
    mbedtls_ssl_conf_min_tls_version(&config, strstr(versions, "tls1.2") ? MBEDTLS_SSL_VERSION_TLS1_2 : MBEDTLS_SSL_VERSION_TLS1_3);
    mbedtls_ssl_conf_max_tls_version(&config, strstr(versions, "tls1.3") ? MBEDTLS_SSL_VERSION_TLS1_3 : MBEDTLS_SSL_VERSION_TLS1_2);
    if (option("groups")) {
        char *rest = strdup(option("groups")), *name;
        for (int i = 0; i < 15 && (name = strsep(&rest, ",")); i++) groups[i] = strtol(name, NULL, 0);
        mbedtls_ssl_conf_groups(&config, groups);
    }
    if (option("psk")) {
        for (const char *hex = option("psk"); length < sizeof key && sscanf(hex, "%2x", &byte) == 1; hex += 2) key[length++] = byte;
        must(mbedtls_ssl_conf_psk(&config, key, length, (const unsigned char *)"gauntlet", 8), "psk");
    }
    if (option("early_data")) mbedtls_ssl_conf_early_data(&config, MBEDTLS_SSL_EARLY_DATA_ENABLED);
    if (option("early_data") && serves) mbedtls_ssl_conf_max_early_data_size(&config, 16384);
    if (!serves) mbedtls_ssl_conf_tls13_enable_signal_new_session_tickets(&config, MBEDTLS_SSL_TLS1_3_SIGNAL_NEW_SESSION_TICKETS_ENABLED);
}

static void keep(mbedtls_ssl_context *tls) {
    unsigned char content[1 << 14];
    size_t length;
    mbedtls_ssl_session session;
    if (!option("session")) return;
    mbedtls_ssl_session_init(&session);
    if (!mbedtls_ssl_get_session(tls, &session) && !mbedtls_ssl_session_save(&session, content, sizeof content, &length)) {
        FILE *file = fopen(option("session"), "wb");
        if (file) fwrite(content, 1, length, file), fclose(file);
    }
    mbedtls_ssl_session_free(&session);
}

static void resume(mbedtls_ssl_context *tls) {
    unsigned char content[1 << 14];
    mbedtls_ssl_session session;
    FILE *file = option("resume") ? fopen(option("resume"), "rb") : NULL;
    if (!file) return;
    size_t length = fread(content, 1, sizeof content, file);
    fclose(file);
    /* Each is for one connection; another comes with it. */
    unlink(option("resume"));
    mbedtls_ssl_session_init(&session);
    if (!mbedtls_ssl_session_load(&session, content, length)) mbedtls_ssl_set_session(tls, &session);
    mbedtls_ssl_session_free(&session);
}

static void export(mbedtls_ssl_context *tls) {
    unsigned char value[32];
    const char *label = option("exporter");
    must(mbedtls_ssl_export_keying_material(tls, value, 32, label, strlen(label), NULL, 0, 0), "exporter");
    printf("EXPORTED ");
    for (int i = 0; i < 32; i++) printf("%02x", value[i]);
    printf("\n");
    fflush(stdout);
}
#endif

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
#if NEWER
    must(psa_crypto_init(), "PSA");
    only_newer(serves);
#else
    int old = option("versions") && strstr(option("versions"), "tls1.0-");
    mbedtls_ssl_conf_min_version(&config, MBEDTLS_SSL_MAJOR_VERSION_3, old ? 1 : 3);
#endif
    if (option("renegotiation")) mbedtls_ssl_conf_renegotiation(&config, MBEDTLS_SSL_RENEGOTIATION_ENABLED);
    if (option("unsafe_renegotiation")) mbedtls_ssl_conf_legacy_renegotiation(&config, MBEDTLS_SSL_LEGACY_ALLOW_RENEGOTIATION);
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

static int receive(void *stream, unsigned char *data, size_t length, uint32_t patience) {
    int result = mbedtls_net_recv_timeout(stream, data, length, patience);
    ended = result == 0;
    return result;
}

static void answer(mbedtls_ssl_context *tls, const unsigned char *data, int count) {
    for (int sent = 0, part; sent < count && (part = mbedtls_ssl_write(tls, data + sent, count - sent)) > 0; sent += part) continue;
}

static void converse(mbedtls_net_context *stream, int serves) {
    unsigned char data[16384], early[16384];
    int one = 1, result, count = 0, before = 0, asked = 0;
    mbedtls_ssl_context tls;
    mbedtls_ssl_init(&tls);
    struct timeval patience = {60, 0};
    setsockopt(stream->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    must(mbedtls_ssl_setup(&tls, &config), "setup");
    if (!serves) must(mbedtls_ssl_set_hostname(&tls, option("name")), "name");
    mbedtls_ssl_set_bio(&tls, stream, mbedtls_net_send, NULL, receive);
#if NEWER
    if (!serves) resume(&tls);
    if (!serves && option("early_data")) asked = mbedtls_ssl_write_early_data(&tls, (const unsigned char *)request, sizeof request - 1) > 0;
    while ((result = mbedtls_ssl_handshake(&tls)) == MBEDTLS_ERR_SSL_RECEIVED_EARLY_DATA || result == MBEDTLS_ERR_SSL_WANT_READ) {
        count = result == MBEDTLS_ERR_SSL_WANT_READ ? 0 : mbedtls_ssl_read_early_data(&tls, early + before, sizeof early - before);
        if (count > 0) before += count;
    }
    asked = asked && !result && mbedtls_ssl_get_early_data_status(&tls) == MBEDTLS_SSL_EARLY_DATA_STATUS_ACCEPTED;
    if (!result && option("exporter")) export(&tls);
    if (!result && !serves && mbedtls_ssl_get_version_number(&tls) == MBEDTLS_SSL_VERSION_TLS1_2) keep(&tls);
#else
    result = mbedtls_ssl_handshake(&tls);
#endif
    if (result) fprintf(stderr, "-0x%04x\n", -result);
    if (!result && !serves && !asked) answer(&tls, (const unsigned char *)request, sizeof request - 1);
    if (!result) answer(&tls, early, before);
    while (!result) {
        count = mbedtls_ssl_read(&tls, data, sizeof data);
#if NEWER
        if (count == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET) { keep(&tls); continue; }
#endif
        /* It says of records without content what it says of the end. */
        if (count == MBEDTLS_ERR_SSL_WANT_READ || (count == 0 && !ended)) continue;
        if (count <= 0) break;
        if (serves) answer(&tls, data, count);
    }
    int wrong = !result && count < 0 && count != MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY && count != MBEDTLS_ERR_SSL_CONN_EOF;
    if (wrong) fprintf(stderr, "-0x%04x\n", -count);
    /* Behind an error, close_notify would say that all was well. */
    if (!result && !wrong) mbedtls_ssl_close_notify(&tls);
    /* What is unread when the socket closes would destroy an alert that is under way. */
    shutdown(stream->fd, SHUT_WR);
    while (recv(stream->fd, data, sizeof data, serves ? 0 : MSG_DONTWAIT) > 0) continue;
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
