package apply

import "github.com/vezne/vezne"

// disputes asks for a person when a bank waits for an answer.
func (d *draft) disputes() {
	for _, dispute := range d.Disputes {
		switch dispute.Status {
		case "needs_response":
			d.raise(vezne.AttentionDisputed)
		case "warning_needs_response":
			d.raise(vezne.AttentionInquiry)
		}
	}
}
