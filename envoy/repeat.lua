-- Allows a retry only if the backend can't have worked on the request: if its connection had been used before and was just
-- closing. Runs for every retry.
--
-- The control plane puts these constants before this text: ATTEMPT_HEADER, the name of a header that it adds for this
-- script alone; RETRY_HEADER, that of the header by which Envoy marks a retry; LIMIT_MS, how long after its arrival a request
-- may be retried; NAMESPACE, the metadata that marks requests whose connection was new, and FAILURE, the key in it of how the
-- previous attempt failed.

-- When a retry was last refused, by cluster. Envoy had already opened a connection for it, which the next request may get:
-- it looks as if it had been used before.
local refused, count = {}, 0
local MAX_COUNT = 1000

-- The reply is one of Envoy's own, so it gets an error page like any other. The log takes the reason from the metadata:
-- Envoy no longer has that of the previous attempt.
local function refuse(handle, cluster, failure)
  if count == MAX_COUNT then refused, count = {}, 0 end
  if not refused[cluster] then count = count + 1 end
  refused[cluster] = handle:timestamp()
  handle:streamInfo():dynamicMetadata():set(NAMESPACE, FAILURE, failure)
  handle:respond({ [":status"] = "503" })
end

function envoy_on_request(handle)
  local headers = handle:headers()
  -- Milliseconds since the request arrived, the bytes that the previous attempt has sent and received, the id of the
  -- connection (0 if it is yet to be opened), and the cluster.
  local elapsed, sent, received, connection, cluster =
    headers:get(ATTEMPT_HEADER):match("^(%d+) (%d+) (%d+) (%d+) (.*)$")
  headers:remove(ATTEMPT_HEADER)
  headers:remove(RETRY_HEADER)
  local metadata = handle:streamInfo():dynamicMetadata()
  if received ~= "0" then return refuse(handle, cluster, "bad answer") end
  local late = tonumber(elapsed) >= LIMIT_MS
  -- The connection failed. If it was refused, a retry does no harm, and its failure has the reason.
  if sent == "0" and connection == "0" then
    if late then refuse(handle, cluster, "unreachable") end
    return
  end
  local doubtful = refused[cluster] and handle:timestamp() - refused[cluster] < LIMIT_MS
  if late or doubtful or metadata:get(NAMESPACE) then return refuse(handle, cluster, "no answer") end
  -- If this attempt fails, its new connection can't have been closing either.
  if connection == "0" then metadata:set(NAMESPACE, "new", true) end
end
