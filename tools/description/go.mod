module github.com/vezne/vezne/tools/description

go 1.26.0

require github.com/stripe/stripe-mock v0.203.0
