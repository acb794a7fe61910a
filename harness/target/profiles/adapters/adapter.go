// Go's crypto/tls: `adapter server|client PORT name=value...`; a server says back all it gets.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
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
	encrypt(made)
	return made
}

// Encrypted Client Hello is there from Go 1.24 on; what is older has to build all the same.
func encrypt(made *tls.Config) {
	set := func(in reflect.Value, name string, value any) {
		field := in.FieldByName(name)
		if !field.IsValid() {
			must(fmt.Errorf("this Go has no %s", name))
		}
		field.Set(reflect.ValueOf(value))
	}
	read := func(name string) []byte {
		bytes, err := os.ReadFile(option[name])
		must(err)
		return bytes
	}
	whole := reflect.ValueOf(made).Elem()
	if option["ech_configs"] != "" {
		made.MinVersion = tls.VersionTLS13
		set(whole, "EncryptedClientHelloConfigList", read("ech_configs"))
	}
	if option["ech_key"] != "" {
		keys := whole.FieldByName("EncryptedClientHelloKeys")
		if !keys.IsValid() {
			must(fmt.Errorf("this Go opens no encrypted hellos"))
		}
		key := reflect.New(keys.Type().Elem()).Elem()
		set(key, "Config", read("ech_config"))
		set(key, "PrivateKey", read("ech_key"))
		set(key, "SendAsRetry", true)
		keys.Set(reflect.Append(keys, key))
	}
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
	if err == nil {
		err = stream.Close()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
