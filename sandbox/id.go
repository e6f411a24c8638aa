package sandbox

import (
	"crypto/sha256"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"github.com/vezne/vezne/sandbox/internal/description"
)

// idForm is what ids of a type look like: a prefix and n letters and digits.
type idForm struct {
	prefix string
	n      int
}

// idForms are where Stripe's samples do not say, or no longer say, what an id looks like. Objects of payments begin with
// 3, most others with 1.
var idForms = map[string]idForm{
	"tax.calculation":          {"taxcalc_1", 23},
	"payment_intent":           {"pi_3", 23},
	"charge":                   {"ch_3", 23},
	"refund":                   {"re_3", 23},
	"balance_transaction":      {"txn_3", 23},
	"dispute":                  {"du_1", 23},
	"coupon":                   {"", 8},
	"checkout.session":         {"cs_test_a1", 56},
	"line_item":                {"il_1", 23},
	"invoice_payment":          {"inpay_1", 23},
	"account_session":          {"accs_", 24},
	"application_fee":          {"fee_1", 23},
	"billing.alert":            {"alrt_1", 23},
	"billing.credit_grant":     {"credgr_test_61", 30},
	"billing.feedback_option":  {"fbopt_1", 23},
	"billing.meter":            {"mtr_test_61", 30},
	"forwarding.request":       {"fwdreq_1", 23},
	"payment_record":           {"pr_1", 23},
	"payment_attempt_record":   {"par_1", 23},
	"product_feature":          {"prodft_", 14},
	"sigma.sigma_api_query":    {"qry_1", 23},
	"tax.association":          {"taxa_1", 23},
	"radar.payment_evaluation": {"peval_1", 23},
	"tax_code":                 {"txcd_", 8},
	"subscription_schedule":    {"sub_sched_1", 23},

	"billing.credit_balance_transaction":      {"cbtxn_test_61", 30},
	"billing.meter_event_summary":             {"mtrusg_test_61", 30},
	"financial_connections.account_ownership": {"fcaowns_1", 23},
	"financial_connections.authorization":     {"fcauth_1", 23},
	"payment_intent_amount_details_line_item": {"uli_1", 23},
	"invoice_rendering_template":              {"inrtem_1", 23},
}

var (
	sampledFormsMu sync.Mutex
	sampledForms   = map[string]idForm{}
)

// idFormOf is the form of a type's ids, with an empty prefix when objects of the type have none or choose their own.
func idFormOf(typ string) idForm {
	if f, ok := idForms[typ]; ok {
		return f
	}
	sampledFormsMu.Lock()
	defer sampledFormsMu.Unlock()
	f, ok := sampledForms[typ]
	if !ok {
		f = sampledForm(typ)
		sampledForms[typ] = f
	}
	return f
}

// sampledForm reads the form that the description took from Stripe's samples: "cus_14".
func sampledForm(typ string) idForm {
	n := description.Load().Schema(typ)
	if n == nil {
		return idForm{}
	}
	id := n.Prop("id")
	if id == nil {
		return idForm{}
	}
	at := strings.LastIndexByte(id.Sample, '_') + 1
	length, err := strconv.Atoi(id.Sample[at:])
	if err != nil {
		return idForm{strings.ToLower(typ[strings.LastIndexByte(typ, '.')+1:]) + "_", 24}
	}
	if length == 24 {
		return idForm{id.Sample[:at] + "1", 23}
	}
	return idForm{id.Sample[:at], length}
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// source makes random ids, the same ones for the same seed. It is safe for several goroutines.
type source struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

// newSource seeds a source for one account; with seed 0 it is a random one. run counts the starts over the same data, so
// that a restart does not give ids a second time.
func newSource(seed, run uint64, account string) *source {
	var key [32]byte
	if seed == 0 {
		for i := range key {
			key[i] = byte(rand.Uint32())
		}
		return &source{r: rand.NewChaCha8(key)}
	}
	text := strconv.FormatUint(seed, 10) + " " + strconv.FormatUint(run, 10) + " " + account
	return &source{r: rand.NewChaCha8(sha256.Sum256([]byte(text)))}
}

// id makes a prefix and n letters and digits.
func (s *source) id(prefix string, n int) string {
	b := make([]byte, len(prefix), len(prefix)+n)
	copy(b, prefix)
	s.mu.Lock()
	defer s.mu.Unlock()
	for n > 0 {
		// Ten draws of six bits from each number; 62 and 63 are drawn again.
		for v, i := s.r.Uint64(), 0; i < 10 && n > 0; i++ {
			if c := v & 63; c < 62 {
				b = append(b, base62[c])
				n--
			}
			v >>= 6
		}
	}
	return string(b)
}

// NewID makes an id: the prefix and n letters and digits from the sandbox's seeded source.
func (tx *accountTx) NewID(prefix string, n int) string { return tx.account.source.id(prefix, n) }

func (tx *accountTx) newID(f idForm) string { return tx.NewID(f.prefix, f.n) }
