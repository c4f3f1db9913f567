package rawjson

import (
	"strings"
	"testing"
)

func TestWithoutHalves(t *testing.T) {
	for in, want := range map[string]string{
		`"cut \ud83d"`:               `"cut \ufffd"`,
		`"\uDE00 cut"`:               `"\ufffd cut"`,
		`"\ud83d\ude00"`:             "",
		`"\ud83d\ud83d\ude00"`:       `"\ufffd\ud83d\ude00"`,
		`"\ude00\ud83d"`:             `"\ufffd\ufffd"`,
		`"\ud83d\n\ude00"`:           `"\ufffd\n\ufffd"`,
		`"\\ud83d"`:                  "",
		`"\\\ud83d"`:                 `"\\\ufffd"`,
		`{"\ud83d":["\uD83D\\"]}`:    `{"\ufffd":["\ufffd\\"]}`,
		`"\u0041\ud7ff\ue000\uffff"`: "",
		`"plain"`:                    "",
		``:                           "",
	} {
		got := WithoutHalves(Value(in))
		if want == "" {
			want = in
		}
		if string(got) != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	whole := Value(`"` + strings.Repeat(`\ud83d\ude00\\ud83d`, 1000) + `"`)
	if n := testing.AllocsPerRun(10, func() { WithoutHalves(whole) }); n > 0 {
		t.Errorf("%v allocations where nothing is replaced", n)
	}
	given := Value(`"\ud83d"`)
	if WithoutHalves(given); string(given) != `"\ud83d"` {
		t.Errorf("the text itself was changed: %s", given)
	}
}
