-- Ends a refusal of a websocket that has `Connection: Upgrade`. Envoy takes the rest of that connection for the new
-- protocol, so the answer would never end, and over HTTP/2 its chunk framing would be passed on. Envoy replaces an answer
-- without a status by a reply of its own, which gets the status and some headers from this request's metadata.
--
-- The control plane puts these constants before this text: NAMESPACE, the script's own metadata; STATUS, the key of the
-- status in it; and HEADERS, the names of headers that are stored in it under their names.

function envoy_on_response(handle)
  local headers = handle:headers()
  local status, connection = headers:get(":status"), headers:get("connection")
  if status == "101" or not connection or not connection:lower():find("upgrade", 1, true) then return end
  local metadata = handle:streamInfo():dynamicMetadata()
  metadata:set(NAMESPACE, STATUS, status)
  for _, name in ipairs(HEADERS) do
    local value = headers:get(name)
    if value then metadata:set(NAMESPACE, name, value) end
  end
  headers:remove(":status")
end
