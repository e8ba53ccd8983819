// Signs as Standard Webhooks says, with the standard library only. In a project that may have another dependency, the library
// github.com/standard-webhooks/standard-webhooks/libraries/go does it: its Webhook.Sign.
package main

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Signer has the bytes of a secret.
type Signer struct{ key []byte }

// NewSigner takes a secret as the tenant has it: whsec_ and base64.
func NewSigner(secret string) (Signer, error) {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil || len(key) == 0 {
		return Signer{}, fmt.Errorf("the secret is not whsec_ and base64")
	}
	return Signer{key}, nil
}

// Sign sets the three headers.
func (s Signer) Sign(header http.Header, id string, at time.Time, body []byte) {
	seconds := strconv.FormatInt(at.Unix(), 10)
	mac := hmac.New(sha256.New, s.key)
	fmt.Fprintf(mac, "%s.%s.%s", id, seconds, body)
	header.Set("Webhook-Id", id)
	header.Set("Webhook-Timestamp", seconds)
	header.Set("Webhook-Signature", "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
}

func newMessageID() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic(err) // The system has no randomness.
	}
	return "msg_" + hex.EncodeToString(random)
}
