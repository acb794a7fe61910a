// Deno, whose TLS is rustls: `deno.ts server|client PORT name=value...`; a server says back all it gets.
const [role, port, ...words] = Deno.args;
const option = Object.fromEntries(words.map((word) => word.split("=", 2)));
const read = (name: string) => (option[name] ? Deno.readTextFileSync(option[name]) : undefined);
const address = { hostname: "127.0.0.1", port: Number(port) };
const alpnProtocols = option.alpn?.split(",");

async function serve(stream: Deno.TlsConn) {
  try {
    for await (const data of stream.readable) {
      for (let sent = 0; sent < data.length;) sent += await stream.write(data.subarray(sent));
    }
  } catch (error) {
    console.error(String(error));
  }
  try {
    stream.close();
  } catch { /* closed by the other side */ }
}

if (role === "server") {
  const listener = Deno.listenTls({ ...address, cert: read("cert")!, key: read("key")!, alpnProtocols });
  console.log("READY");
  while (true) {
    try {
      serve(await listener.accept());
    } catch (error) {
      console.error(String(error));
    }
  }
}
const caCerts = [read("ca")!];
const plain = await Deno.connect(address);
const stream = await Deno.startTls(plain, { hostname: option.name, caCerts, alpnProtocols });
await stream.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
for await (const data of stream.readable) await Deno.stdout.write(data);
