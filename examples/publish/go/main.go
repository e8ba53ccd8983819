// The command: publishes the events of a file.
//
//	go run . ../events.json
//
// It reads ROOMCAST_URL, ROOMCAST_TENANT and ROOMCAST_WEBHOOK_SECRET.
package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func run() error {
	url, tenant, secret := os.Getenv("ROOMCAST_URL"), os.Getenv("ROOMCAST_TENANT"), os.Getenv("ROOMCAST_WEBHOOK_SECRET")
	if url == "" || tenant == "" || secret == "" || len(os.Args) != 2 {
		return fmt.Errorf("usage: publish FILE, with ROOMCAST_URL, ROOMCAST_TENANT and ROOMCAST_WEBHOOK_SECRET in the environment")
	}
	signer, err := NewSigner(secret)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		return err
	}
	var events []Event
	if err := json.Unmarshal(text, &events); err != nil {
		return fmt.Errorf("%s: %w", os.Args[1], err)
	}
	// A redirected POST would arrive as a GET, so redirections are errors.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	publisher := Publisher{
		URL:    strings.TrimSuffix(url, "/") + "/t/" + tenant + "/api/events",
		Signer: signer,
		Client: http.Client{Timeout: 30 * time.Second, CheckRedirect: stay},
	}
	results, err := publisher.Publish(events)
	for _, result := range results {
		if result.Reason != "" {
			fmt.Println(result.EventID, result.Status, result.Reason)
		} else {
			fmt.Println(result.EventID, result.Status, result.Seq)
		}
	}
	return err
}
