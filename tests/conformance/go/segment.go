package main

import (
	"io"
	"log"

	"github.com/segmentio/analytics-go/v3"
)

type segment struct{ analytics.Client }

type segmentReport func()

func (report segmentReport) Success(analytics.Message)        { report() }
func (report segmentReport) Failure(analytics.Message, error) { report() }

func newSegment(writeKey, url string, _ bool, report func()) (client, error) {
	silent := analytics.StdLogger(log.New(io.Discard, "", 0))
	made, err := analytics.NewWithConfig(writeKey, analytics.Config{
		Endpoint: url, Interval: interval, Callback: segmentReport(report), Logger: silent,
	})
	return segment{made}, err
}

// Its page and screen calls have no category.
func (sender segment) enqueue(said call) error {
	switch said.Type {
	case "identify":
		return sender.Enqueue(analytics.Identify{
			UserId: said.UserId, AnonymousId: said.AnonymousId, Timestamp: said.Timestamp, Traits: said.Traits,
		})
	case "page":
		return sender.Enqueue(analytics.Page{
			UserId: said.UserId, AnonymousId: said.AnonymousId, Timestamp: said.Timestamp,
			Name: said.Name, Properties: said.Properties,
		})
	case "screen":
		return sender.Enqueue(analytics.Screen{
			UserId: said.UserId, AnonymousId: said.AnonymousId, Timestamp: said.Timestamp,
			Name: said.Name, Properties: said.Properties,
		})
	case "group":
		return sender.Enqueue(analytics.Group{
			UserId: said.UserId, AnonymousId: said.AnonymousId, Timestamp: said.Timestamp,
			GroupId: said.GroupId, Traits: said.Traits,
		})
	case "alias":
		return sender.Enqueue(analytics.Alias{
			UserId: said.UserId, PreviousId: said.PreviousId, Timestamp: said.Timestamp,
		})
	}
	return sender.Enqueue(analytics.Track{
		UserId: said.UserId, AnonymousId: said.AnonymousId, Timestamp: said.Timestamp,
		Event: said.Event, Properties: said.Properties,
	})
}
