"""Python's ssl module: `python.py server|client PORT name=value...`; a server says back all it gets."""
import signal, socket, ssl, sys, threading

role, port = sys.argv[1], int(sys.argv[2])
option = dict(word.split("=", 1) for word in sys.argv[3:])
VERSION = {"tls1.0": 769, "tls1.1": 770, "tls1.2": 771, "tls1.3": 772}


def context():
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "server" else ssl.PROTOCOL_TLS_CLIENT)
    low, _, high = option.get("versions", "tls1.2-tls1.3").partition("-")
    made.minimum_version = ssl.TLSVersion(VERSION[low])
    made.maximum_version = ssl.TLSVersion(VERSION[high or low])
    if VERSION[low] < 771:
        made.set_ciphers("ALL:@SECLEVEL=0")
    for number in ("", "2"):
        if "cert" + number in option:
            made.load_cert_chain(option["cert" + number], option["key" + number])
    if "ca" in option:
        made.load_verify_locations(option["ca"])
    if role == "server" and option.get("client_auth", "none") != "none":
        made.verify_mode = {"request": ssl.CERT_OPTIONAL, "require": ssl.CERT_REQUIRED}[option["client_auth"]]
    if "alpn" in option:
        made.set_alpn_protocols(option["alpn"].split(","))
    return made


def serve(made, stream):
    try:
        stream.settimeout(60)
        # An alert that waits behind an unanswered record would be lost when the socket closes.
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with made.wrap_socket(stream, server_side=True) as tls:
            while data := tls.recv(65536):
                tls.sendall(data)
            tls.unwrap()
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr, flush=True)
    finally:
        stream.close()


signal.signal(signal.SIGPIPE, signal.SIG_IGN)
made = context()
if role == "server":
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    print("READY", flush=True)
    while True:
        threading.Thread(target=serve, args=(made, listener.accept()[0]), daemon=True).start()
with socket.create_connection(("127.0.0.1", port), 60) as stream:
    with made.wrap_socket(stream, server_hostname=option["name"]) as tls:
        tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
        while data := tls.recv(65536):
            sys.stdout.buffer.write(data)
        tls.unwrap()
