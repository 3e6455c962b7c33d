// Package s9s is a client of S9S, the REST API server for Slurm.
//
//	client := s9s.NewClient(nil) // S9S_API_URL and S9S_API_TOKEN
//	job, err := client.Jobs.Submit(&s9s.JobSubmitRequest{Script: "/bin/sleep 60"})
//	ended, err := client.Jobs.Wait(job.JobID, nil)
//
// Every call can be given a context: client.WithContext(ctx).Jobs.Get(id), or opts.WithContext(ctx).
package s9s

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

// Version is the version of this package.
const Version = "0.1.0"

// Config says where the server is and who is calling. One of Token, APIKey and ClientID, or none with a
// client certificate.
type Config struct {
	// BaseURL is https://api.example.com; by default S9S_API_URL of the environment.
	BaseURL string
	// Token is a bearer token; by default S9S_API_TOKEN, unless there is another credential.
	Token string
	// APIKey is an API key instead.
	APIKey string
	// ClientID and ClientSecret are OAuth 2.0 client credentials instead: access tokens are fetched and renewed.
	ClientID     string
	ClientSecret string
	// Scope is what access tokens may do, "jobs:read jobs:write"; by default all that the client may.
	Scope string
	// CertFile and KeyFile are a client certificate.
	CertFile string
	KeyFile  string
	// CAFile holds the certificates of who may vouch for the server; by default those of the host.
	CAFile string
	// Policy says how patient the client is; nil is DefaultPolicy.
	Policy *Policy
	// Transport carries the requests, for tests.
	Transport http.RoundTripper
}

// Client is a client of one server, safe for use by several goroutines.
type Client struct {
	services
	ctx  context.Context
	http *transport
}

// NewClient makes a client. What is wrong with the config is the error of every call; Err tells it before.
func NewClient(config *Config) *Client {
	c := &Client{ctx: context.Background(), http: newTransport(config)}
	c.connect()
	return c
}

// Err tells what is wrong with the config.
func (c *Client) Err() error { return c.http.err }

// WithContext gives the same client, whose calls are made with the context.
func (c *Client) WithContext(ctx context.Context) *Client {
	made := &Client{ctx: ctx, http: c.http}
	made.connect()
	return made
}

// Ptr gives a pointer to a value, for fields where zero says something else than nothing.
func Ptr[T any](value T) *T { return &value }

func newTransport(config *Config) *transport {
	if config == nil {
		config = &Config{}
	}
	t := &transport{config: *config, policy: DefaultPolicy(), sleep: sleep, now: time.Now}
	if config.Policy != nil {
		t.policy = *config.Policy
	}
	url := config.BaseURL
	if url == "" {
		url = os.Getenv("S9S_API_URL")
	}
	url = strings.TrimRight(url, "/")
	if !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://") {
		t.err = errors.New("there is no BaseURL like https://api.example.com, and S9S_API_URL is not set")
		return t
	}
	t.base = strings.TrimSuffix(url, "/v1")
	t.root = strings.TrimSuffix(t.base, "/api")
	given := 0
	for _, one := range []string{config.Token, config.APIKey, config.ClientID} {
		if one != "" {
			given++
		}
	}
	if given > 1 {
		t.err = errors.New("only one of Token, APIKey and ClientID can be given")
		return t
	}
	if (config.ClientID == "") != (config.ClientSecret == "") {
		t.err = errors.New("ClientID and ClientSecret go together")
		return t
	}
	if given == 0 && config.CertFile == "" {
		t.config.Token = os.Getenv("S9S_API_TOKEN")
	}
	t.tls, t.err = tlsOf(config)
	carrier := config.Transport
	if carrier == nil {
		plain := http.DefaultTransport.(*http.Transport).Clone()
		plain.TLSClientConfig = t.tls
		carrier = plain
	}
	t.client = &http.Client{
		Transport:     carrier,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return t
}

func tlsOf(config *Config) (*tls.Config, error) {
	if config.CertFile == "" && config.CAFile == "" {
		return nil, nil
	}
	made := &tls.Config{MinVersion: tls.VersionTLS12}
	if config.CertFile != "" {
		key := config.KeyFile
		if key == "" {
			key = config.CertFile
		}
		pair, err := tls.LoadX509KeyPair(config.CertFile, key)
		if err != nil {
			return nil, err
		}
		made.Certificates = []tls.Certificate{pair}
	}
	if config.CAFile != "" {
		content, err := os.ReadFile(config.CAFile)
		if err != nil {
			return nil, err
		}
		made.RootCAs = x509.NewCertPool()
		if !made.RootCAs.AppendCertsFromPEM(content) {
			return nil, fmt.Errorf("%s holds no certificate", config.CAFile)
		}
	}
	return made, nil
}

func sleep(ctx context.Context, pause time.Duration) error {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
