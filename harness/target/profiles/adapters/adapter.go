// Go's crypto/tls: `adapter server|client PORT name=value...`; a server says back all it gets.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

var option = map[string]string{}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
}

func main() {
	role, address := os.Args[1], "127.0.0.1:"+os.Args[2]
	for _, word := range os.Args[3:] {
		name, value, _ := strings.Cut(word, "=")
		option[name] = value
	}
	if role == "client" {
		fetch(address)
		return
	}
	listener, err := tls.Listen("tcp", address, config())
	must(err)
	fmt.Println("READY")
	for {
		stream, err := listener.Accept()
		must(err)
		go serve(stream)
	}
}

func config() *tls.Config {
	versions := map[string]uint16{"tls1.0": 0x0301, "tls1.1": 0x0302, "tls1.2": 0x0303, "tls1.3": 0x0304}
	auth := map[string]tls.ClientAuthType{"request": tls.VerifyClientCertIfGiven, "require": tls.RequireAndVerifyClientCert}
	made := &tls.Config{ServerName: option["name"], ClientAuth: auth[option["client_auth"]]}
	made.MinVersion, made.MaxVersion = tls.VersionTLS12, tls.VersionTLS13
	if low, high, given := strings.Cut(option["versions"], "-"); low != "" {
		made.MinVersion, made.MaxVersion = versions[low], versions[low]
		if given {
			made.MaxVersion = versions[high]
		}
	}
	for _, number := range []string{"", "2"} {
		if file := option["cert"+number]; file != "" {
			pair, err := tls.LoadX509KeyPair(file, option["key"+number])
			must(err)
			made.Certificates = append(made.Certificates, pair)
		}
	}
	if file := option["ca"]; file != "" {
		text, err := os.ReadFile(file)
		must(err)
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(text)
		made.RootCAs, made.ClientCAs = pool, pool
	}
	if option["alpn"] != "" {
		made.NextProtos = strings.Split(option["alpn"], ",")
	}
	return made
}

func serve(stream net.Conn) {
	defer stream.Close()
	stream.SetDeadline(time.Now().Add(60 * time.Second))
	if _, err := io.Copy(stream, stream); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func fetch(address string) {
	stream, err := tls.Dial("tcp", address, config())
	if err == nil {
		_, err = stream.Write([]byte("GET / HTTP/1.0\r\n\r\n"))
	}
	if err == nil {
		_, err = io.Copy(os.Stdout, stream)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
