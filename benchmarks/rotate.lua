-- For wrk: goes round the lines of a request file (METHOD, path, access token, session, ETag, tab-separated).
-- The last two may be missing; the session is of no use here. ROTATE_FILE names the file, ROTATE_BASE what is put before
-- each path, ROTATE_FIRST the line to begin with, from 0.
local base, requests = os.getenv("ROTATE_BASE") or "", {}
for line in io.lines(os.getenv("ROTATE_FILE")) do
  local fields = {}
  for field in (line .. "\t"):gmatch("([^\t]*)\t") do fields[#fields + 1] = field end
  local method, path, token, etag = fields[1], fields[2], fields[3], fields[5] or ""
  local headers = { "Host: 127.0.0.1", "Accept: application/json", "Authorization: Bearer " .. token }
  if etag ~= "" then headers[#headers + 1] = "If-None-Match: " .. etag end
  if method ~= "GET" then headers[#headers + 1] = "Content-Length: 0" end
  requests[#requests + 1] = method .. " " .. base .. path .. " HTTP/1.1\r\n" .. table.concat(headers, "\r\n") .. "\r\n\r\n"
end

local at = tonumber(os.getenv("ROTATE_FIRST") or "0")

function request()
  at = at + 1
  return requests[(at - 1) % #requests + 1]
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "microseconds": %d, "refused": %d, "broken": %d, "p50": %d, "p99": %d}\n',
    summary.requests, summary.duration, e.status, e.connect + e.read + e.write + e.timeout,
    latency:percentile(50), latency:percentile(99)))
end
