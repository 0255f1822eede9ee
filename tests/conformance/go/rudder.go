package main

import (
	"io"
	"log"

	"github.com/rudderlabs/analytics-go/v4"
)

type rudder struct{ analytics.Client }

type rudderReport func()

func (report rudderReport) Success(analytics.Message)        { report() }
func (report rudderReport) Failure(analytics.Message, error) { report() }

func newRudder(writeKey, url string, plain bool, report func()) (client, error) {
	silent := analytics.StdLogger(log.New(io.Discard, "", 0))
	made, err := analytics.NewWithConfig(writeKey, analytics.Config{
		DataPlaneUrl: url, DisableGzip: plain, Interval: interval, Callback: rudderReport(report), Logger: silent,
	})
	return rudder{made}, err
}

// Its page and screen calls have no category.
func (sender rudder) enqueue(said call) error {
	switch said.Type {
	case "identify":
		return sender.Enqueue(analytics.Identify{
			UserId: said.UserId, AnonymousId: said.AnonymousId, OriginalTimestamp: said.Timestamp, Traits: said.Traits,
		})
	case "page":
		return sender.Enqueue(analytics.Page{
			UserId: said.UserId, AnonymousId: said.AnonymousId, OriginalTimestamp: said.Timestamp,
			Name: said.Name, Properties: said.Properties,
		})
	case "screen":
		return sender.Enqueue(analytics.Screen{
			UserId: said.UserId, AnonymousId: said.AnonymousId, OriginalTimestamp: said.Timestamp,
			Name: said.Name, Properties: said.Properties,
		})
	case "group":
		return sender.Enqueue(analytics.Group{
			UserId: said.UserId, AnonymousId: said.AnonymousId, OriginalTimestamp: said.Timestamp,
			GroupId: said.GroupId, Traits: said.Traits,
		})
	case "alias":
		return sender.Enqueue(analytics.Alias{
			UserId: said.UserId, PreviousId: said.PreviousId, OriginalTimestamp: said.Timestamp,
		})
	}
	return sender.Enqueue(analytics.Track{
		UserId: said.UserId, AnonymousId: said.AnonymousId, OriginalTimestamp: said.Timestamp,
		Event: said.Event, Properties: said.Properties,
	})
}
