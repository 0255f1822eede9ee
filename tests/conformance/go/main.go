// The Go clients of Segment and RudderStack. The first argument is the client, the second may be "plain": gzip off.
// The task comes on standard input: see clients.py.
package main

import (
	"encoding/json"
	"os"
	"strconv"
	"sync"
	"time"
)

const (
	interval = 500 * time.Millisecond // a batch is sent when it is full, or after this time
	patience = 2 * time.Minute        // more than the ten attempts of either client take in any scenario
)

type call struct {
	Type, UserId, AnonymousId, PreviousId, GroupId, Event, Name, Category string

	Timestamp          time.Time
	Traits, Properties map[string]any
}

type scenario struct {
	Name, Url string
	Batch     int
}

type task struct {
	WriteKey  string `json:"write_key"`
	Scenarios []scenario
}

// One client with its own queue; `report` is called with each event that was sent or given up.
type client interface {
	enqueue(said call) error
	Close() error
}

var makers = map[string]func(writeKey, url string, plain bool, report func()) (client, error){
	"segment": newSegment,
	"rudder":  newRudder,
}

func main() {
	var given task
	check(json.NewDecoder(os.Stdin).Decode(&given))
	text, err := os.ReadFile("drivers/calls.json")
	check(err)
	var calls []call
	check(json.Unmarshal(text, &calls))
	plain := len(os.Args) > 2 && os.Args[2] == "plain"
	var running sync.WaitGroup
	for _, one := range given.Scenarios {
		running.Add(1)
		go func(one scenario) {
			defer running.Done()
			run(one, calls, given.WriteKey, plain)
		}(one)
	}
	running.Wait()
}

func run(one scenario, calls []call, writeKey string, plain bool) {
	settled := make(chan struct{}, 1000)
	sender, err := makers[os.Args[1]](writeKey, one.Url, plain, func() { settled <- struct{}{} })
	check(err)
	send := func(said ...call) {
		for _, event := range said {
			check(sender.enqueue(event))
		}
		late := time.After(patience)
		for range said {
			select {
			case <-settled:
			case <-late:
				panic(one.Name + ": an event was neither sent nor given up")
			}
		}
	}
	if one.Name == "arrives" {
		send(calls...)
	} else {
		send(track(one.Name, "Before"))
		send(steps(one)...)
		send(track(one.Name, "Afterwards"))
	}
	check(sender.Close())
}

func track(anonymousId, event string) call {
	return call{Type: "track", AnonymousId: anonymousId, Event: event, Timestamp: time.Now()}
}

func steps(one scenario) []call {
	said := []call{}
	for n := 0; n < one.Batch; n++ {
		said = append(said, track(one.Name, "Step "+strconv.Itoa(n+1)))
	}
	return said
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
