/* BearSSL: `adapter server|client PORT name=value...`; a server says back all it gets, one connection after another. */
#include <arpa/inet.h>
#include <bearssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct { unsigned char bytes[16384]; size_t length; } object;
static char **words;
static br_x509_certificate chain[4];
static br_skey_decoder_context key;
static br_x509_trust_anchor root;

static const char *option(const char *name) {
    for (char **word = words; *word; word++)
        if (!strncmp(*word, name, strlen(name)) && (*word)[strlen(name)] == '=') return *word + strlen(name) + 1;
    return NULL;
}

static void must(int good, const char *what) {
    if (!good) fprintf(stderr, "%s\n", what), exit(9);
}

static void append(void *to, const void *from, size_t length) {
    object *all = to;
    must(all->length + length <= sizeof all->bytes, "a long object");
    memcpy(all->bytes + all->length, from, length);
    all->length += length;
}

/* The objects of a PEM file: how many. */
static int read_pem(const char *path, object *objects, int most) {
    static char text[65536];
    FILE *file = fopen(path, "r");
    must(file != NULL, path);
    size_t length = fread(text, 1, sizeof text, file);
    br_pem_decoder_context pem;
    br_pem_decoder_init(&pem);
    int count = 0;
    for (size_t at = 0; at < length; ) {
        at += br_pem_decoder_push(&pem, text + at, length - at);
        int event = br_pem_decoder_event(&pem);
        if (event == BR_PEM_BEGIN_OBJ) must(count < most, "objects"), br_pem_decoder_setdest(&pem, append, &objects[count]);
        count += event == BR_PEM_END_OBJ;
    }
    return count;
}

static int say(void *to, const unsigned char *data, size_t length) { return write(*(int *)to, data, length); }
static int hear(void *from, unsigned char *data, size_t length) {
    int count = read(*(int *)from, data, length);
    return count > 0 ? count : -1;
}

static int converse(br_ssl_engine_context *engine, int socket, int serves) {
    br_sslio_context io;
    unsigned char data[4096];
    int count;
    br_sslio_init(&io, engine, hear, &socket, say, &socket);
    if (!serves && !br_sslio_write_all(&io, "GET / HTTP/1.0\r\n\r\n", 18)) br_sslio_flush(&io);
    while ((count = br_sslio_read(&io, data, sizeof data)) > 0)
        if (serves && !br_sslio_write_all(&io, data, count)) br_sslio_flush(&io);
    int error = br_ssl_engine_last_error(engine);
    if (error) fprintf(stderr, "error %d\n", error);
    close(socket);
    return error;
}

int main(int count, char **arguments) {
    must(count > 2, "server|client PORT name=value...");
    signal(SIGPIPE, SIG_IGN);
    words = arguments + 3;
    static object certificates[4], secret, issuer, name;
    static unsigned char buffer[BR_SSL_BUFSIZE_BIDI];
    int made = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(arguments[2]))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (!strcmp(arguments[1], "client")) {
        static br_ssl_client_context client;
        static br_x509_minimal_context verifier;
        br_x509_decoder_context decoder;
        must(read_pem(option("ca"), &issuer, 1) == 1, "root");
        br_x509_decoder_init(&decoder, append, &name);
        br_x509_decoder_push(&decoder, issuer.bytes, issuer.length);
        root = (br_x509_trust_anchor){{name.bytes, name.length}, BR_X509_TA_CA, *br_x509_decoder_get_pkey(&decoder)};
        br_ssl_client_init_full(&client, &verifier, &root, 1);
        br_ssl_engine_set_versions(&client.eng, option("old") ? BR_TLS10 : BR_TLS12, BR_TLS12);
        br_ssl_engine_set_buffer(&client.eng, buffer, sizeof buffer, 1);
        must(!connect(made, (struct sockaddr *)&address, sizeof address), "connect");
        br_ssl_client_reset(&client, option("name"), 0);
        return converse(&client.eng, made, 0) != 0;
    }
    static br_ssl_server_context server;
    static br_ssl_session_cache_lru cache;
    static unsigned char sessions[8192];
    int length = read_pem(option("cert"), certificates, 4);
    for (int i = 0; i < length; i++) chain[i] = (br_x509_certificate){certificates[i].bytes, certificates[i].length};
    must(read_pem(option("key"), &secret, 1) == 1, "key");
    br_skey_decoder_init(&key);
    br_skey_decoder_push(&key, secret.bytes, secret.length);
    br_ssl_session_cache_lru_init(&cache, sessions, sizeof sessions);
    setsockopt(made, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    must(!bind(made, (struct sockaddr *)&address, sizeof address) && !listen(made, 64), "bind: address already in use");
    puts("READY");
    for (fflush(stdout);;) {
        if (br_skey_decoder_key_type(&key) == BR_KEYTYPE_RSA)
            br_ssl_server_init_full_rsa(&server, chain, length, br_skey_decoder_get_rsa(&key));
        else
            br_ssl_server_init_full_ec(&server, chain, length, BR_KEYTYPE_EC, br_skey_decoder_get_ec(&key));
        br_ssl_engine_set_versions(&server.eng, option("old") ? BR_TLS10 : BR_TLS12, BR_TLS12);
        br_ssl_server_set_cache(&server, &cache.vtable);
        br_ssl_engine_set_buffer(&server.eng, buffer, sizeof buffer, 1);
        br_ssl_server_reset(&server);
        converse(&server.eng, accept(made, NULL, NULL), 1);
    }
}
