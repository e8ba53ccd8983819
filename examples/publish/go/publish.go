// Publishes events to Roomcast: signed by Standard Webhooks, and repeated until the server has them. It does not keep events until then:
// that is for the caller, who has them in a table or a queue.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net/http"
	"strconv"
	"time"
)

const (
	attempts     = 8
	longestPause = 30 * time.Second
)

// Event is what a backend posts: see docs/protocol.md, "Envelopes".
type Event struct {
	ID            string         `json:"event_id"`
	Type          string         `json:"event_type"`
	AggregateType string         `json:"aggregate_type"`
	AggregateID   string         `json:"aggregate_id"`
	OccurredAt    time.Time      `json:"occurred_at"`
	Payload       map[string]any `json:"payload"`
	Metadata      map[string]any `json:"metadata,omitempty"`
}

// Result says what became of an event.
type Result struct {
	EventID string `json:"eventId"`
	Status  string `json:"status"`
	Seq     uint64 `json:"seq"`
	Reason  string `json:"reason"`
}

// Publisher posts to one tenant.
type Publisher struct {
	URL    string
	Signer Signer
	Client http.Client
}

// Publish says what became of each of up to 500 events. Its error is the last one, if no attempt has succeeded.
func (p *Publisher) Publish(events []Event) ([]Result, error) {
	body, err := json.Marshal(events)
	if err != nil {
		return nil, err
	}
	id := newMessageID()
	pause := 500 * time.Millisecond
	for attempt := 1; ; attempt++ {
		results, again, retryAfter, err := p.post(body, id)
		if err == nil || !again || attempt == attempts {
			return results, err
		}
		wait := pause/2 + time.Duration(rand.Int63n(int64(pause/2)))
		if wait < retryAfter {
			wait = retryAfter
		}
		log.Printf("trying again in %s: %v", wait.Round(100*time.Millisecond), err)
		time.Sleep(wait)
		if pause *= 2; pause > longestPause {
			pause = longestPause
		}
	}
}

// post makes one attempt. It says whether another one could succeed, and after how long.
func (p *Publisher) post(body []byte, id string) (results []Result, again bool, retryAfter time.Duration, err error) {
	request, err := http.NewRequest(http.MethodPost, p.URL, bytes.NewReader(body))
	if err != nil {
		return nil, false, 0, err
	}
	request.Header.Set("Content-Type", "application/json")
	// A repetition has the same body and id, but a time and a signature of its own.
	p.Signer.Sign(request.Header, id, time.Now(), body)
	answer, err := p.Client.Do(request)
	if err != nil {
		return nil, true, 0, err // Nobody knows whether the events have arrived. A repetition does no harm.
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return nil, true, 0, err
	}
	if answer.StatusCode == http.StatusAccepted {
		var accepted struct{ Results []Result }
		err = json.Unmarshal(text, &accepted)
		return accepted.Results, false, 0, err
	}
	seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After"))
	again = answer.StatusCode == 408 || answer.StatusCode == 429 || answer.StatusCode >= 500
	return nil, again, time.Duration(seconds) * time.Second, refused(answer.StatusCode, text)
}

func refused(status int, text []byte) error {
	var problem struct {
		Code, Detail string
		Errors       []struct {
			Index         int
			Field, Reason string
		}
	}
	if json.Unmarshal(text, &problem) != nil || problem.Code == "" {
		return fmt.Errorf("%d, and not from Roomcast: is ROOMCAST_URL right?", status)
	}
	why := fmt.Sprintf("%d %s: %s", status, problem.Code, problem.Detail)
	for _, e := range problem.Errors {
		why += fmt.Sprintf("\n  event %d: %s %s", e.Index, e.Field, e.Reason)
	}
	return fmt.Errorf("%s", why)
}
