-- Ends a refusal of a websocket that says `Connection: Upgrade`. Envoy takes the rest of that connection for the new
-- protocol, so the answer would never end, and over HTTP/2 its chunks would show. An answer without a status is one that
-- Envoy replaces by a reply of its own, which gets the status and some headers back from this request's metadata.
--
-- The control plane puts these constants before this text: NAMESPACE, of the metadata that is the script's own, STATUS,
-- the key of the status in it, and HEADERS, the names of headers that are kept under their own names.

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
