package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/vezne/vezne/engine"
)

// release is set when a release is built.
var release = ""

// versionJSON says what was built.
type versionJSON struct {
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Go      string `json:"go"`
	Stripe  string `json:"stripe_api_version"`
}

func currentVersion() versionJSON {
	v := versionJSON{Version: release, Go: runtime.Version(), Stripe: engine.StripeVersion}
	if info, ok := debug.ReadBuildInfo(); ok {
		if v.Version == "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Commit = s.Value
			}
		}
	}
	if v.Version == "" || v.Version == "(devel)" {
		v.Version = "devel"
	}
	return v
}

func (a *app) version() *cobra.Command {
	cmd := &cobra.Command{Use: "version", Short: "Say which version this is", Args: words()}
	inJSON := asJSON(cmd)
	cmd.RunE = func(*cobra.Command, []string) error {
		v := currentVersion()
		if *inJSON {
			return a.print(v)
		}
		return a.say("vezne %s (%s, Stripe API %s)", v.Version, v.Go, v.Stripe)
	}
	return cmd
}
