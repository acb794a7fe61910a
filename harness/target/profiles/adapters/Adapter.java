// Java's JSSE: `java Adapter.java server|client PORT name=value...`; a server says back all it gets.
import java.io.*;
import java.net.*;
import java.nio.file.*;
import java.security.*;
import java.security.cert.*;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import javax.net.ssl.*;

class Adapter {
    static final Map<String, String> option = new HashMap<>();

    public static void main(String[] words) throws Exception {
        Security.setProperty("jdk.tls.disabledAlgorithms", "SSLv3, RC4, anon, NULL");
        for (String word : List.of(words).subList(2, words.length)) {
            option.put(word.split("=", 2)[0], word.split("=", 2)[1]);
        }
        boolean serves = words[0].equals("server");
        int port = Integer.parseInt(words[1]);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(keys(), trust(), null);
        ServerSocket listener = serves || port == 0 ? listen(context, port) : null;
        if (serves) {
            System.out.println("READY");
            while (true) {
                SSLSocket socket = (SSLSocket) listener.accept();
                new Thread(() -> serve(socket)).start();
            }
        }
        if (port == 0) {
            // A rehearsal with itself, to see which classes a client needs.
            Thread server = new Thread(() -> serve(listener));
            server.setDaemon(true);
            server.start();
            port = listener.getLocalPort();
        }
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(
            new Socket("127.0.0.1", port), option.get("name"), port, true);
        SSLParameters parameters = parameters(socket);
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
        socket.getInputStream().transferTo(System.out);
        socket.close();
    }

    static ServerSocket listen(SSLContext context, int port) throws IOException {
        return context.getServerSocketFactory().createServerSocket(port, 64, InetAddress.getByName("127.0.0.1"));
    }

    static void serve(ServerSocket listener) {
        try {
            serve((SSLSocket) listener.accept());
        } catch (IOException error) {
            System.err.println(error.getMessage());
        }
    }

    static void serve(SSLSocket socket) {
        try (socket) {
            // An alert that waits behind an unanswered record would be lost when the socket closes.
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(60_000);
            SSLParameters parameters = parameters(socket);
            String auth = option.getOrDefault("client_auth", "none");
            if (auth.equals("request")) parameters.setWantClientAuth(true);
            if (auth.equals("require")) parameters.setNeedClientAuth(true);
            socket.setSSLParameters(parameters);
            byte[] buffer = new byte[65536];
            for (int count; (count = socket.getInputStream().read(buffer)) > 0; ) {
                socket.getOutputStream().write(buffer, 0, count);
            }
        } catch (IOException error) {
            System.err.println(error.getMessage());
        }
    }

    static SSLParameters parameters(SSLSocket socket) {
        SSLParameters parameters = socket.getSSLParameters();
        String[] range = option.getOrDefault("versions", "tls1.2-tls1.3").split("-");
        List<String> all = List.of("tls1.0", "tls1.1", "tls1.2", "tls1.3");
        List<String> wanted = all.subList(all.indexOf(range[0]), all.indexOf(range[range.length - 1]) + 1);
        parameters.setProtocols(wanted.stream().map(
            name -> name.replace("tls", "TLSv").replace("TLSv1.0", "TLSv1")).toArray(String[]::new));
        if (option.containsKey("alpn")) parameters.setApplicationProtocols(option.get("alpn").split(","));
        return parameters;
    }

    static KeyManager[] keys() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        for (String number : List.of("", "2")) {
            if (option.containsKey("cert" + number)) {
                List<X509Certificate> chain = certificates(option.get("cert" + number));
                String text = Files.readString(Path.of(option.get("key" + number))).replaceAll("-----.*-----|\\s", "");
                KeyFactory factory = KeyFactory.getInstance(chain.get(0).getPublicKey().getAlgorithm());
                PrivateKey key = factory.generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
                store.setKeyEntry("key" + number, key, new char[0], chain.toArray(X509Certificate[]::new));
            }
        }
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, new char[0]);
        return factory.getKeyManagers();
    }

    static TrustManager[] trust() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        if (option.containsKey("ca")) store.setCertificateEntry("ca", certificates(option.get("ca")).get(0));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return store.size() == 0 ? null : factory.getTrustManagers();
    }

    @SuppressWarnings("unchecked")
    static List<X509Certificate> certificates(String file) throws Exception {
        try (InputStream stream = new FileInputStream(file)) {
            return new ArrayList<>((Collection<X509Certificate>)
                CertificateFactory.getInstance("X.509").generateCertificates(stream));
        }
    }
}
