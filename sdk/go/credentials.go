package s9s

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"
)

// marginSeconds: an access token is renewed so many seconds before it expires.
const marginSeconds = 30.0

// credential is the header that says who is calling; empty without one.
func (t *transport) credential(ctx context.Context) ([2]string, error) {
	if t.config.APIKey != "" {
		return [2]string{"X-API-Key", t.config.APIKey}, nil
	}
	token, err := t.token(ctx)
	if err != nil || token == "" {
		return [2]string{}, err
	}
	return [2]string{"Authorization", "Bearer " + token}, nil
}

// token is the token, or an access token that is still valid for a while.
func (t *transport) token(ctx context.Context) (string, error) {
	if t.config.ClientID == "" {
		return t.config.Token, nil
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.accessToken == "" || !t.now().Before(t.renewAt) {
		if err := t.renew(ctx); err != nil {
			return "", err
		}
	}
	return t.accessToken, nil
}

func (t *transport) renew(ctx context.Context) error {
	wish := map[string]string{
		"grant_type": "client_credentials", "client_id": t.config.ClientID, "client_secret": t.config.ClientSecret,
	}
	if t.config.Scope != "" {
		wish["scope"] = t.config.Scope
	}
	body, err := json.Marshal(wish)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, t.policy.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url("/oauth/token"), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "s9s-go/"+Version)
	response, err := t.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		retryAfter := retryAfterOf(response.Header.Get("Retry-After"))
		return errorOf(response.StatusCode, content, response.Header.Get("X-Request-ID"), retryAfter)
	}
	var answer struct {
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if err := json.Unmarshal(content, &answer); err != nil {
		return err
	}
	// Of a very short life half is used.
	lifetime := max(answer.ExpiresIn-marginSeconds, answer.ExpiresIn/2)
	t.accessToken = answer.AccessToken
	t.renewAt = t.now().Add(time.Duration(lifetime * float64(time.Second)))
	return nil
}

// forget drops the access token, and tells whether there was one.
func (t *transport) forget() bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	had := t.accessToken != ""
	t.accessToken = ""
	return had
}
