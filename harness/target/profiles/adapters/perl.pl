# Perl's IO::Socket::SSL: `server|client PORT name=value...`; a server says back all it gets, one connection after another.
use strict;
use warnings;
use IO::Socket::SSL;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

$| = 1;
$SIG{PIPE} = 'IGNORE';
my ($role, $port, @words) = @ARGV;
my %option = map { split /=/, $_, 2 } @words;
my %known = ('tls1.0' => 'TLSv1', 'tls1.1' => 'TLSv1_1', 'tls1.2' => 'TLSv1_2', 'tls1.3' => 'TLSv1_3');
my ($low, $high) = split /-/, $option{versions} || 'tls1.2-tls1.3';
my @versions = map { $known{"tls1.$_"} } substr($low, -1) .. substr($high || $low, -1);
my @banned = grep { my $name = $_; !grep { $_ eq $name } @versions } values %known;
my %tls = (SSL_version => join(':', 'SSLv23', '!SSLv3', '!SSLv2', map { "!$_" } @banned));
$tls{SSL_cipher_list} = 'ALL:@SECLEVEL=0' if $low lt 'tls1.2';
$tls{SSL_ca_file} = $option{ca} if $option{ca};
@tls{'SSL_cert_file', 'SSL_key_file'} = @option{'cert', 'key'} if $option{cert};
$tls{SSL_alpn_protocols} = [split /,/, $option{alpn}] if $option{alpn};

if ($role eq 'client') {
    my $stream = IO::Socket::SSL->new(
        %tls, PeerAddr => '127.0.0.1', PeerPort => $port, SSL_hostname => $option{name},
        SSL_verifycn_name => $option{name}, SSL_verifycn_scheme => 'http', SSL_verify_mode => SSL_VERIFY_PEER,
    ) or die "$SSL_ERROR\n";
    print $stream "GET / HTTP/1.0\r\n\r\n";
    1 while sysread $stream, my $data, 16384;
    close $stream;
    exit 0;
}
my $auth = $option{client_auth} || 'none';
$tls{SSL_verify_mode} = $auth eq 'none' ? SSL_VERIFY_NONE : SSL_VERIFY_PEER;
$tls{SSL_verify_mode} |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT if $auth eq 'require';
my $context = IO::Socket::SSL::SSL_Context->new(%tls, SSL_server => 1) or die "$SSL_ERROR\n";
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1)
    or die "bind: $!\n";
print "READY\n";
while (my $stream = $listener->accept) {
    # An alert that waits behind an unanswered record would be lost when the socket closes.
    setsockopt $stream, IPPROTO_TCP, TCP_NODELAY, 1;
    IO::Socket::SSL->start_SSL($stream, SSL_server => 1, SSL_reuse_ctx => $context) or warn("$SSL_ERROR\n"), next;
    while (sysread $stream, my $data, 16384) { print $stream $data }
    close $stream;
}
