-- What wrk sends: one body over and over, or a file's lines, each once; and its figures as one line of JSON.
-- Arguments: the token, the file, how many lines to skip, "line" or "whole".

local lines = nil

function init(arguments)
  wrk.method = "POST"
  wrk.headers["content-type"] = "application/json"
  wrk.headers["authorization"] = "Bearer " .. arguments[1]
  local file = assert(io.open(arguments[2], "rb"))
  if arguments[4] == "whole" then
    wrk.body = file:read("*a")
    local whole = wrk.format()
    request = function() return whole end
    return
  end
  for _ = 1, tonumber(arguments[3]) do file:read("*l") end
  request = function()
    local line = file:read("*l")
    assert(line, "the file of new texts is at its end")
    return wrk.format(nil, nil, nil, line)
  end
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"bytes":%d,"p50":%.3f,"p95":%.3f,"p99":%.3f,"max":%.3f,' ..
    '"failed":%d,"timeouts":%d,"statuses":%d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    latency:percentile(50) / 1e3, latency:percentile(95) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    errors.connect + errors.read + errors.write, errors.timeout, errors.status))
end
