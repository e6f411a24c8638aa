package sandbox

import "github.com/vezne/vezne/sandbox/internal/description"

// idealCodes are the BICs of iDEAL's banks, as the description pairs them.
var idealCodes = map[string]string{
	"abn_amro": "ABNANL2A", "adyen": "ADYBNL2A", "asn_bank": "ASNBNL21", "bunq": "BUNQNL2A", "buut": "BUUTNL2A", "finom": "FNOMNL22",
	"handelsbanken": "HANDNL2A", "ing": "INGBNL2A", "knab": "KNABNL2H", "mollie": "MLLENL2A", "moneyou": "MOYONL21", "n26": "NTSBDEB1",
	"nn": "NNBANL2G", "rabobank": "RABONL2U", "regiobank": "RBRBNL21", "revolut": "REVOLT21", "sns_bank": "SNSBNL2A",
	"triodos_bank": "TRIONL2U", "van_lanschot": "FVLBNL22", "yoursafe": "BITSNL2A",
}

// newOtherMethod makes a method of a type that is state only: it can be made and attached, but not confirmed. What the form
// says of it is shown where the description has a place for it; of an account number the last four digits are kept.
func newOtherMethod(tx *accountTx, typ string, p formParams) *stripeObject {
	of := hash()
	if schema := "payment_method_" + typ; description.Load().Schema(schema) != nil {
		of = tx.NewHash(schema)
	}
	for _, key := range of.Keys() {
		if v := p.Str(typ + "." + key); v != "" {
			of.Set(key, v)
		}
	}
	if number := onlyDigits(p.Str(typ + ".account_number")); number != "" {
		shown := map[string]any{"last4": number[max(len(number)-4, 0):], "fingerprint": fingerprint(tx, number), "bank_name": "STRIPE TEST BANK"}
		for key, v := range shown {
			if of.slot(key) >= 0 {
				of.Set(key, v)
			}
		}
	}
	if bic := idealCodes[p.Str("ideal.bank")]; typ == "ideal" && bic != "" {
		of.Set("bic", bic)
	}
	return tx.New("payment_method").Set("type", typ).Set("allow_redisplay", "unspecified").Set(typ, of)
}
