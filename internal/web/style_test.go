package web_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// colours reads the custom properties of a block of the style sheet.
func colours(t *testing.T, block string) map[string][3]float64 {
	t.Helper()
	list := map[string][3]float64{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
		var c [3]float64
		for i := range c {
			n, err := strconv.ParseUint(m[2][2*i:2*i+2], 16, 8)
			if err != nil {
				t.Fatal(err)
			}
			c[i] = float64(n) / 255
		}
		list[m[1]] = c
	}
	return list
}

// contrast is the ratio of WCAG 2.2, relative luminance.
func contrast(a, b [3]float64) float64 {
	luminance := func(c [3]float64) float64 {
		for i, v := range c {
			if v <= 0.04045 {
				c[i] = v / 12.92
			} else {
				c[i] = math.Pow((v+0.055)/1.055, 2.4)
			}
		}
		return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
	}
	l, m := luminance(a), luminance(b)
	return (max(l, m) + 0.05) / (min(l, m) + 0.05)
}

func TestColoursHaveEnoughContrastInBothSchemes(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("css/base.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(b), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("there is no dark scheme")
	}
	const forText, forControls = 4.5, 3
	for scheme, c := range map[string]map[string][3]float64{"light": colours(t, light), "dark": colours(t, dark)} {
		for _, pair := range strings.Fields(`ink/paper ink/card ink/tint ink/danger-tint ink/good-tint ink/warn-tint soft/paper soft/card soft/tint soft/warn-tint soft/danger-tint accent/paper accent/card accent/tint
			accent/good-tint accent-strong/tint accent-strong/card on-accent/accent on-accent/accent-strong warn/warn-tint good/good-tint good/card danger/card danger/paper danger/danger-tint on-danger/danger
			on-danger/danger-strong card/ink card/soft`) {
			check(t, scheme, c, pair, forText)
		}
		for _, pair := range strings.Fields("edge/card edge/paper accent/card accent/paper danger/card warn/paper") {
			check(t, scheme, c, pair, forControls)
		}
	}
}

func check(t *testing.T, scheme string, c map[string][3]float64, pair string, want float64) {
	t.Helper()
	front, back, _ := strings.Cut(pair, "/")
	f, ok := c[front]
	g, also := c[back]
	if !ok || !also {
		t.Fatalf("%s: the sheet does not have %s", scheme, pair)
	}
	if got := contrast(f, g); got < want {
		t.Errorf("%s: %s has a contrast of %.2f, less than %.1f", scheme, pair, got, want)
	}
}
