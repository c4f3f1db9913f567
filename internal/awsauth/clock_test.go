package awsauth

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// A rejection for another reason, and a time that cannot be AWS's, change nothing.
func TestClockCorrect(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		date := func(ahead time.Duration) string { return time.Now().Add(ahead).UTC().Format(http.TimeFormat) }
		for name, c := range map[string]struct {
			status int
			header http.Header
			want   time.Duration
		}{
			"ahead":        {403, http.Header{"Date": {date(time.Hour)}}, time.Hour},
			"behind":       {400, http.Header{"Date": {date(-time.Hour)}}, -time.Hour},
			"close":        {403, http.Header{"Date": {date(4 * time.Minute)}}, 0},
			"no time":      {403, nil, 0},
			"not a time":   {401, http.Header{"Date": {"soon"}}, 0},
			"from a cache": {403, http.Header{"Date": {date(time.Hour)}, "Age": {"3600"}}, 0},
			"an answer":    {200, http.Header{"Date": {date(time.Hour)}}, 0},
			"a throttle":   {429, http.Header{"Date": {date(time.Hour)}}, 0},
		} {
			var k clock
			corrected := k.correct(c.status, c.header)
			now := time.Now()
			if got := k.awsTime(now).Sub(now); got != c.want || corrected != (c.want != 0) {
				t.Errorf("%s: %v, %v", name, got, corrected)
			}
		}
	})
}
