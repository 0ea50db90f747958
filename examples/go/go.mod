module example.org/ftptest

go 1.19
