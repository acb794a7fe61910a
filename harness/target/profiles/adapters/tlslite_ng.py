"""tlslite-ng, TLS in pure Python: `tlslite_ng.py server|client PORT name=value...`; a server says back all it gets."""
import signal, socket, sys, threading
from tlslite.api import HandshakeSettings, SessionCache, TLSConnection, X509CertChain, parsePEMKey
from tlslite.errors import TLSError
from tlslite.utils.cryptomath import getRandomBytes

role, port = sys.argv[1], int(sys.argv[2])
option = dict(word.split("=", 1) for word in sys.argv[3:])
VERSION = {"tls1.0": (3, 1), "tls1.1": (3, 2), "tls1.2": (3, 3), "tls1.3": (3, 4)}


def settings():
    made = HandshakeSettings()
    low, _, high = option.get("versions", "tls1.2-tls1.3").partition("-")
    made.minVersion, made.maxVersion = VERSION[low], VERSION[high or low]
    if role == "server" and option.get("tickets") != "no":
        made.ticketKeys, made.ticket_count = [getRandomBytes(32)], 2
    return made


def pair():
    if "cert" not in option:
        return {}
    chain = X509CertChain()
    chain.parsePemList(open(option["cert"]).read())
    return {"certChain": chain, "privateKey": parsePEMKey(open(option["key"]).read(), private=True)}


def serve(stream):
    tls = TLSConnection(stream)
    tls.closeSocket = True
    try:
        stream.settimeout(60)
        # An alert that waits behind an unanswered record would be lost when the socket closes.
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        alpn = [name.encode() for name in option["alpn"].split(",")] if "alpn" in option else None
        asked = option.get("client_auth", "none") != "none"
        tls.handshakeServer(settings=made, sessionCache=cache, reqCert=asked, alpn=alpn, **own)
        while data := tls.read(min=1, max=65536):
            tls.write(data)
        tls.close()
    except (TLSError, OSError) as error:
        print(repr(error), file=sys.stderr, flush=True)
    finally:
        stream.close()


signal.signal(signal.SIGPIPE, signal.SIG_IGN)
made, own, cache = settings(), pair(), SessionCache()
if role == "server":
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    print("READY", flush=True)
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
tls = TLSConnection(socket.create_connection(("127.0.0.1", port), 60))
tls.handshakeClientCert(settings=made, serverName=option["name"], **own)
tls.write(b"GET / HTTP/1.0\r\n\r\n")
print(tls.read(min=1, max=65536))
tls.close()
