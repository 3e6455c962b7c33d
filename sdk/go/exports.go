package s9s

import (
	"io"
)

// Wait gives the export when it is completed; a *WorkFailed says that it never will be.
func (s *ExportsService) Wait(exportID string, opts *WaitOptions) (*Export, error) {
	var found *Export
	err := s.client.ended(opts, "Export "+exportID, func(c *Client) (status string, why *string, err error) {
		if found, err = c.Exports.Get(exportID, nil); err != nil {
			return "", nil, err
		}
		return found.Status, found.Error, nil
	})
	return found, err
}

// WriteTo writes its file; how many bytes it has.
func (s *ExportsService) WriteTo(exportID string, writer io.Writer) (int64, error) {
	return s.client.write(path("/v1/exports/{}/download", exportID), writer)
}

// Save writes its file to a path of this machine, whole or not at all; how many bytes it has.
func (s *ExportsService) Save(exportID, file string) (int64, error) {
	return s.client.save(path("/v1/exports/{}/download", exportID), file)
}

// Run asks for one as Create does, waits until it is completed, and saves its file.
func (s *ExportsService) Run(file string, request *ExportCreateRequest, opts *WaitOptions) (*Export, error) {
	made, err := s.Create(request, nil)
	if err != nil {
		return nil, err
	}
	done, err := s.Wait(made.ExportID, opts)
	if err != nil {
		return done, err
	}
	_, err = s.Save(made.ExportID, file)
	return done, err
}
