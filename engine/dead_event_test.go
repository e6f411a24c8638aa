package engine_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/vezne/vezne"
	"github.com/vezne/vezne/veznetest"
)

// browse asks for a page of the dashboard as an operator, or sends a form.
func browse(t *testing.T, h *veznetest.House, method, path, form, cookie string) (status int, header http.Header, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, veznetest.DeskURL+path, strings.NewReader(form))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Sec-Fetch-Site", "same-origin")
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Cookie", cookie)
	res, err := h.Client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, res.Header, string(b)
}

// signedIn returns the cookie of an operator.
func signedIn(t *testing.T, h *veznetest.House) string {
	t.Helper()
	if err := h.CreateOperator(t.Context(), "ayse", "correct horse battery"); err != nil {
		t.Fatal(err)
	}
	link, err := h.SignInLink(t.Context(), "ayse", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	_, header, _ := browse(t, h, http.MethodGet, at.RequestURI(), "", "")
	var cookies []string
	for _, line := range header["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			t.Fatal(err)
		}
		cookies = append(cookies, c.Name+"="+c.Value)
	}
	return strings.Join(cookies, "; ")
}

func TestADeadEventIsSeenPreviewedAndAppliedByAButton(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, database string) {
		h := veznetest.New(t, veznetest.WithDatabase(database))
		metric := func(want string) {
			t.Helper()
			if _, _, body := browse(t, h, http.MethodGet, "/metrics", "", ""); !strings.Contains(body, want) {
				t.Errorf("the metrics do not say %s", want)
			}
		}
		metric(`vezne_events{state="dead"} 0`)
		order := h.NewOrder(1999, "try")
		id := deadEvent(t, h, order.ID)
		if _, _, body := browse(t, h, http.MethodGet, "/metrics", "", ""); strings.Contains(body, `vezne_events{state="dead"} 0`) {
			t.Error("the metrics know of no dead event")
		}
		cookie := signedIn(t, h)
		if _, _, body := browse(t, h, http.MethodGet, "/admin?lang=en", "", cookie); !strings.Contains(body, `href="/admin/events?state=dead"`) {
			t.Error("the dashboard does not begin with dead events")
		}
		if _, _, body := browse(t, h, http.MethodGet, "/admin/events?state=dead", "", cookie); !strings.Contains(body, string(id)) {
			t.Error("the list of dead events lacks one")
		}
		page := "/admin/events/" + string(id)
		_, _, body := browse(t, h, http.MethodGet, page+"?lang=en", "", cookie)
		dead, err := h.Event(t.Context(), id)
		if err != nil || dead.Reason == "" || !strings.Contains(body, "class=\"alert\"") || strings.Contains(body, `name="confirm"`) {
			t.Errorf("the page of a dead event gives no reason, or applies it at once: %v\n%s", err, body)
		}

		// First what would change is shown, and nothing is.
		status, _, body := browse(t, h, http.MethodPost, page+"/replay?lang=en", "a=b", cookie)
		if status != http.StatusOK || !strings.Contains(body, `name="confirm"`) || !strings.Contains(body, "Paid") {
			t.Fatalf("the preview: %d\n%s", status, body)
		}
		h.WantStatus(order.ID, vezne.OrderOpen)
		// Then it is applied, once however often the button is pressed.
		for range 2 {
			if status, header, body := browse(t, h, http.MethodPost, page+"/replay", "confirm=yes", cookie); status != http.StatusSeeOther || !strings.HasPrefix(header.Get("Location"), page) {
				t.Fatalf("the button: %d to %s\n%s", status, header.Get("Location"), body)
			}
		}
		h.WantPaidOnce(order.ID)
		if e, err := h.Event(t.Context(), id); err != nil || e.State != vezne.EventApplied {
			t.Errorf("the event is %s, %v", e.State, err)
		}
	})
}
