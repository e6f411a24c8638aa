package sandbox

import "encoding/base64"

func init() {
	begin("reporting.report_run", func(tx *accountTx, o *stripeObject, _ formParams) error {
		o.Set("status", "pending")
		tx.Due(tx.Now()+soon, "report_run.finish", o.ID())
		return nil
	})
	onDue("report_run.finish", finishReport)
}

// finishReport ends a report a few seconds after it was asked for. Its file has the columns that the call named, and no rows:
// reports are state only.
func finishReport(tx *accountTx, id string) error {
	o := tx.Get("reporting.report_run", id)
	if o == nil || o.Str("status") != "pending" {
		return nil
	}
	var row []byte
	for i, column := range o.List("parameters.columns") {
		if i > 0 {
			row = append(row, ',')
		}
		row = append(row, column.(string)...)
	}
	row = append(row, '\n')
	file := tx.New("file")
	file.Set("filename", o.ID()+".csv").Set("purpose", "finance_report_run").Set("size", len(row)).Set("type", "csv").
		Set("url", tx.URL("/v1/files/"+file.ID()+"/contents")).Set(hiddenContents, base64.StdEncoding.EncodeToString(row)).
		Set("links", listObject("/v1/file_links?file="+file.ID(), nil, false))
	tx.Put(file, "file.created")
	tx.Put(o.Edit().Set("status", succeeded).Set("succeeded_at", tx.Now()).Set("result", file), "reporting.report_run.succeeded")
	return nil
}
