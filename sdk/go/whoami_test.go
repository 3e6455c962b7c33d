//go:build live

package s9s

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

// Who a server says that the client of the given config is.
func TestWhoAmI(t *testing.T) {
	var given map[string]string
	if err := json.Unmarshal([]byte(os.Getenv("S9S_CLIENT")), &given); err != nil {
		t.Fatal(err)
	}
	client := NewClient(&Config{
		BaseURL: given["base_url"], Token: given["token"], APIKey: given["api_key"],
		ClientID: given["client_id"], ClientSecret: given["client_secret"],
		CertFile: given["cert_file"], CAFile: given["ca_file"],
	})
	me, err := client.Auth.WhoAmI()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Jobs.List(&JobListOptions{Limit: 1}); err != nil {
		t.Fatal(err)
	}
	fmt.Printf("\n%s %s\n", me.User, me.Credential.Kind)
}
