<?php
// A test in plain PHP, over TLS with the authority of the fixture:  php examples/php/upload_test.php
require __DIR__ . '/FtpFixture.php';

$server = new FtpFixture('--user', 'test:secret', '--tls');
try {
    $url = "ftps://test:secret@127.0.0.1:{$server->ready['port']}/hello.txt";
    $trust = stream_context_create(['ssl' => ['cafile' => $server->ready['caFile']]]);
    file_put_contents($url, 'hello', 0, $trust);
    $stored = $server->ask('GET', '/files/hello.txt');
    $server->ask('POST', '/expect', ['steps' => ['PROT P', '/^STOR /', 226]]);
    if ($stored !== 'hello') {
        throw new RuntimeException("Stored: $stored");
    }
    echo "ok\n";
} finally {
    $server->stop();
}
