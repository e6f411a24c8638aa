package sandbox

// invoicePaying is how an invoice is paid.
type invoicePaying struct {
	// method and source are what pays, "" for the default: the invoice's, the subscription's, the customer's.
	method, source string
	mandate        string
	// offSession says that the buyer is not there.
	offSession bool
	// outside says that the money came another way: paid_out_of_band.
	outside bool
	// forgive marks the invoice as paid when a source pays less than is due.
	forgive bool
	// automatic says that the sandbox tries by itself: it counts in attempt_count each time.
	automatic bool
}
