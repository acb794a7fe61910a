// Node's tls module, also run by Bun: `node.js server|client PORT name=value...`; a server says back all it gets.
const fs = require("fs");
const tls = require("tls");

const [role, port, ...words] = process.argv.slice(2);
const option = Object.fromEntries(words.map((word) => word.split(/=(.*)/s, 2)));
const read = (name) => (option[name] ? fs.readFileSync(option[name]) : []);
const [low, high] = (option.versions || "tls1.2-tls1.3").split("-");
const version = (name) => name.replace("tls", "TLSv").replace("TLSv1.0", "TLSv1");

const settings = {
  cert: [read("cert"), read("cert2")].filter((file) => file.length),
  key: [read("key"), read("key2")].filter((file) => file.length),
  minVersion: version(low),
  maxVersion: version(high || low),
};
if (settings.cert.length === 0) {
  delete settings.cert;
  delete settings.key;
}
if (low === "tls1.0" || low === "tls1.1") settings.ciphers = "ALL:@SECLEVEL=0";
if (option.ca) settings.ca = read("ca");
if (option.alpn) settings.ALPNProtocols = option.alpn.split(",");

if (role === "server") {
  const auth = option.client_auth || "none";
  settings.requestCert = auth !== "none";
  settings.rejectUnauthorized = auth === "require";
  const server = tls.createServer(settings, (socket) => {
    // One asked for in vain is let in; one that does not verify is not.
    const wrong = auth === "request" && !socket.authorized && socket.getPeerCertificate().raw;
    if (wrong) return socket.destroy();
    socket.on("error", (error) => console.error(error.message));
    socket.on("data", (data) => socket.write(data));
  });
  server.on("tlsClientError", (error) => console.error(error.message));
  server.listen(Number(port), "127.0.0.1", () => console.log("READY"));
} else {
  const socket = tls.connect({ ...settings, host: "127.0.0.1", port: Number(port), servername: option.name });
  socket.on("secureConnect", () => socket.write("GET / HTTP/1.0\r\n\r\n"));
  socket.on("data", (data) => process.stdout.write(data));
  socket.on("end", () => socket.end());
  socket.on("close", () => process.exit(0));
  socket.on("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
}
