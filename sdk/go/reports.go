package s9s

import (
	"io"
)

// Wait gives the report when it is completed; a *WorkFailed says that it never will be.
func (s *ReportsService) Wait(reportID string, opts *WaitOptions) (*Report, error) {
	var found *Report
	err := s.client.ended(opts, "Report "+reportID, func(c *Client) (status string, why *string, err error) {
		if found, err = c.Reports.Get(reportID, nil); err != nil {
			return "", nil, err
		}
		return found.Status, found.Error, nil
	})
	return found, err
}

// WriteTo writes its file; how many bytes it has.
func (s *ReportsService) WriteTo(reportID string, writer io.Writer) (int64, error) {
	return s.client.write(path("/v1/reports/{}/download", reportID), writer)
}

// Save writes its file to a path of this machine, whole or not at all; how many bytes it has.
func (s *ReportsService) Save(reportID, file string) (int64, error) {
	return s.client.save(path("/v1/reports/{}/download", reportID), file)
}

// Run asks for one as Create does, waits until it is completed, and saves its file.
func (s *ReportsService) Run(file string, request *ReportCreateRequest, opts *WaitOptions) (*Report, error) {
	made, err := s.Create(request, nil)
	if err != nil {
		return nil, err
	}
	done, err := s.Wait(made.ReportID, opts)
	if err != nil {
		return done, err
	}
	_, err = s.Save(made.ReportID, file)
	return done, err
}
