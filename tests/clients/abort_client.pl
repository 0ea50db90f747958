# Begins a transfer with Net::FTP, aborts it, and prints the names in the directory to show that the session goes on.
# Arguments: host, port, user, password, passive or active, and what to abort.
use strict;
use warnings;
use Net::FTP;

my ($host, $port, $user, $password, $mode, $job) = @ARGV;
my $ftp = Net::FTP->new($host, Port => $port, Passive => $mode eq 'passive', Timeout => 30) or die $@;
$ftp->login($user, $password) or die $ftp->message;
$ftp->binary;
my $data;
if ($job eq 'download') {
    $data = $ftp->retr('endless') or die $ftp->message;
    $data->read(my $some, 1000);
} elsif ($job eq 'upload') {
    $data = $ftp->stor('taken') or die $ftp->message;
    $data->write('x' x 1000, 1000);
} elsif ($job eq 'list') {
    $data = $ftp->list() or die $ftp->message;
}
$ftp->abort;
# It has read both replies: the one of the transfer as it closed the data connection.
$ftp->code == 226 or die 'Answered ', $ftp->code;
print "$_\n" for $ftp->ls;
$ftp->quit;
