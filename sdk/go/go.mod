module github.com/s9s/go-client

go 1.23
