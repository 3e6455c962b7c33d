package s9s

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// ended waits for an export or a report: background work that ends in a file.
func (c *Client) ended(
	opts *WaitOptions, name string, look func(*Client) (status string, why *string, err error),
) error {
	wanted := WaitOptions{}
	if opts != nil {
		wanted = *opts
	}
	if wanted.Interval == 0 {
		wanted.Interval = 500 * time.Millisecond
	}
	if wanted.MaxInterval == 0 {
		wanted.MaxInterval = 10 * time.Second
	}
	return c.wait(&wanted, func(c *Client) (bool, string, error) {
		status, why, err := look(c)
		if err != nil {
			return false, "", err
		}
		if status == "failed" || status == "cancelled" {
			message := fmt.Sprintf("%s is %s", name, status)
			if why != nil && *why != "" {
				message += ": " + *why
			}
			return false, "", &WorkFailed{message}
		}
		return status == "completed", fmt.Sprintf("%s is still %s", name, status), nil
	})
}

// write copies the file at a path of the contract; how many bytes it has.
func (c *Client) write(where string, writer io.Writer) (int64, error) {
	request := call{method: http.MethodGet, path: where, isStream: true}
	response, requestID, err := c.http.send(c.ctx, request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	size, err := io.Copy(writer, response.Body)
	if err != nil {
		return size, failure(err, request, requestID)
	}
	return size, nil
}

// save writes it to a path of this machine, whole or not at all.
func (c *Client) save(where, file string) (size int64, err error) {
	part := file + ".part"
	target, err := os.Create(part)
	if err != nil {
		return 0, err
	}
	defer func() {
		_ = target.Close()
		if err != nil {
			_ = os.Remove(part)
		}
	}()
	if size, err = c.write(where, target); err != nil {
		return size, err
	}
	if err = target.Close(); err != nil {
		return size, err
	}
	return size, os.Rename(part, file)
}
