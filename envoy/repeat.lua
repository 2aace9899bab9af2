-- Sees that a request is sent again only if its backend can't have worked on it: after it met a connection that had
-- been used before and was just closing. Runs for each attempt that needs a new connection, and for every repeat.
--
-- The control plane puts these constants before this text: ATTEMPT_HEADER, the name of a header that it adds for this
-- script alone; LIMIT_MS, how long after a request has come it may still be repeated; NAMESPACE, of the metadata that
-- is the script's own, and FAILURE, the key in it of what became of the attempt before.

-- When a repeat was refused last, by cluster. Envoy had begun a connection for it, which the next request may get: it
-- looks like one that was used before.
local refused, count = {}, 0
local MAX_COUNT = 1000

-- The reply is one of Envoy's own, so it gets its page like any other. The log learns why from the metadata: what
-- Envoy knew of the attempt before is gone.
local function refuse(handle, cluster, failure)
  if count == MAX_COUNT then refused, count = {}, 0 end
  if not refused[cluster] then count = count + 1 end
  refused[cluster] = handle:timestamp()
  handle:streamInfo():dynamicMetadata():set(NAMESPACE, FAILURE, failure)
  handle:respond({ [":status"] = "503" })
end

function envoy_on_request(handle)
  local headers = handle:headers()
  -- Milliseconds since the request came, which attempt this is, the bytes that the one before has sent and received,
  -- the id of the connection (0 for one that is yet to be made), and the cluster.
  local elapsed, attempt, sent, received, connection, cluster =
    headers:get(ATTEMPT_HEADER):match("^(%d+) (%d+) (%d+) (%d+) (%d+) (.*)$")
  headers:remove(ATTEMPT_HEADER)
  local metadata = handle:streamInfo():dynamicMetadata()
  if attempt == "1" then
    metadata:set(NAMESPACE, "new", true)
    return
  end
  if received ~= "0" then return refuse(handle, cluster, "bad answer") end
  local late = tonumber(elapsed) >= LIMIT_MS
  -- No connection came about. If it was refused, another try harms nobody, and its end tells why.
  if sent == "0" and connection == "0" then
    if late then refuse(handle, cluster, "unreachable") end
    return
  end
  local doubtful = refused[cluster] and handle:timestamp() - refused[cluster] < LIMIT_MS
  if late or doubtful or metadata:get(NAMESPACE) then return refuse(handle, cluster, "no answer") end
  -- What this attempt ends of, on a connection of its own, is no closing either.
  if connection == "0" then metadata:set(NAMESPACE, "new", true) end
end
