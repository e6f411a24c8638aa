package sandbox

import (
	"maps"
	"net/http"
)

// What the walk sends to operations of connected accounts, transfers and payouts, and which of them refuse it.
func init() {
	maps.Copy(walkForms, map[string]string{
		"POST /v1/account_links":                             "account={connected}&return_url=https://shop.example&refresh_url=https://shop.example",
		"POST /v1/account_sessions":                          "account={connected}",
		"POST /v1/accounts/{account}/bank_accounts":          "external_account=btok_us_verified",
		"POST /v1/accounts/{account}/external_accounts":      "external_account=btok_us_verified",
		"POST /v1/accounts/{account}/reject":                 "reason=other",
		"POST /v1/customers/{customer}/funding_instructions": "currency=usd&bank_transfer[type]=us_bank_transfer",
		"POST /v1/customer_sessions":                         "customer={customer}&components[payment_element][enabled]=true",
		"POST /v1/ephemeral_keys":                            "customer={customer}",
		"POST /v1/file_links":                                "file={file}",
		"POST /v1/sources":                                   "type=card&token=tok_visa",
		"POST /v1/topups":                                    "currency=usd",
		"POST /v1/transfers":                                 "destination={connected}&amount=100",
		"POST /v1/transfers/{id}/reversals":                  "amount=10",
	})
	walkRefusals = append(walkRefusals,
		"POST /v1/accounts/{account}/login_links",
		"POST /v1/files", // which is no form
		"GET /v1/charges/{charge}/dispute",
		"POST /v1/charges/{charge}/dispute",
		"POST /v1/charges/{charge}/dispute/close",
		"POST /v1/payment_records/{id}/report_payment_attempt_failed",
		"POST /v1/payment_records/{id}/report_payment_attempt_guaranteed",
		"POST /v1/payment_records/{id}/report_refund",
		"POST /v1/terminal/readers/{reader}/collect_payment_method",
		"POST /v1/terminal/readers/{reader}/confirm_payment_intent",
		"POST /v1/terminal/readers/{reader}/process_payment_intent",
		"POST /v1/terminal/readers/{reader}/process_setup_intent",
		"POST /v1/terminal/readers/{reader}/refund_payment",
		"POST /v1/terminal/readers/{reader}/set_reader_display",
		"POST /v1/test_helpers/refunds/{refund}/expire",
		"POST /v1/test_helpers/issuing/authorizations/{authorization}/finalize_amount",
		"POST /v1/test_helpers/issuing/authorizations/{authorization}/increment",
		"POST /v1/test_helpers/issuing/transactions/{transaction}/refund",
		"POST /v1/test_helpers/terminal/readers/{reader}/present_payment_method",
		"POST /v1/test_helpers/terminal/readers/{reader}/timeout_input_collection",
		"POST /v1/payouts/{payout}/reverse",
		"POST /v1/sources/{source}/verify",
	)
}

// uploadFile sends a file, which a form cannot.
func (w *walker) uploadFile() {
	w.t.Helper()
	const body = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbusiness_logo\r\n" +
		"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"logo.png\"\r\n\r\n\x89PNG\r\n--b--\r\n"
	got := call(w.t, w.sb, http.MethodPost, "/v1/files", body, "Content-Type", "multipart/form-data; boundary=b")
	if got.status != http.StatusOK {
		w.t.Fatalf("an upload is answered %d: %s", got.status, got.body)
	}
}
