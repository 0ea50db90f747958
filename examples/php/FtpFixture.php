<?php
/** An FTP server for tests: `denoftpd fixture`, or the executable that DENOFTPD names. */
final class FtpFixture
{
    /** What the ready line says. */
    public readonly array $ready;
    private $process;
    private array $pipes = [];

    public function __construct(string ...$flags)
    {
        $command = [getenv('DENOFTPD') ?: 'denoftpd', 'fixture', '--control', '--exit-on-stdin-close', ...$flags];
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], STDERR], $this->pipes);
        $line = fgets($this->pipes[1]);
        if ($line === false) {
            throw new RuntimeException('denoftpd has ended');
        }
        $this->ready = json_decode($line, true, flags: JSON_THROW_ON_ERROR);
    }

    /** Asks the control interface, as docs/fixture.md describes it. */
    public function ask(string $method, string $path, mixed $body = null): string
    {
        $http = ['method' => $method, 'content' => $body === null ? '' : json_encode($body)];
        $answer = file_get_contents($this->ready['control'] . $path, false, stream_context_create(['http' => $http]));
        return $answer === false ? throw new RuntimeException("$method $path was refused") : $answer;
    }

    public function stop(): void
    {
        fclose($this->pipes[0]);
        proc_close($this->process);
    }
}
