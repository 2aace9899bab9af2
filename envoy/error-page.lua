-- Replaces the built-in page of Envoy's own replies, which are marked with the requested path, by the error target's page.
-- If that gives no page, the built-in one stays.
--
-- The control plane puts its constants before this text.

-- Encodes as in a form, as CHP does; the hub decodes it.
local function escaped(text)
  return (text:gsub("[^%w*._-]", function(byte) return ("%%%02X"):format(byte:byte()) end))
end

-- Logs one line a minute and worker, so that a flood of failures doesn't flood the log.
local quiet_until = 0
local function warn_of(response, reason)
  if os.time() < quiet_until then return end
  quiet_until = os.time() + 60
  response:logWarn("The error target gives no page, so users get the built-in one: " .. reason)
end

function envoy_on_response(response)
  local headers = response:headers()
  local path = headers:get(FAILED_PATH_HEADER)
  if not path then return end
  headers:remove(FAILED_PATH_HEADER)
  local status, id = headers:get(":status"), headers:get("x-request-id")
  -- Must be asked for before the call: if the body is complete afterwards, it is no longer available.
  response:body()

  -- Of the user's request it has only the path, and its id if there is one: no cookies, no Authorization.
  local answer, page = response:httpCall(ERROR_TARGET, {
    [":method"] = "GET",
    [":path"] = BEFORE_STATUS .. status .. BEFORE_PATH .. escaped(path) .. AFTER_PATH,
    [":authority"] = AUTHORITY,
    ["x-request-id"] = id,
  }, nil, { timeout_ms = TIMEOUT_MS, send_xff = false })
  -- The status of the answer doesn't matter: some servers give error pages the status of the error.
  if not answer[ANSWERED_HEADER] then return warn_of(response, page or "status " .. answer[":status"]) end
  if not page then return warn_of(response, "it answered status " .. answer[":status"] .. " without a body") end

  -- Objects from before the call are no longer valid.
  headers = response:headers()
  for _, name in ipairs({ "content-type", "content-encoding" }) do
    if answer[name] then headers:replace(name, answer[name]) else headers:remove(name) end
  end
  -- An answer to a HEAD request has no body.
  local body = response:body()
  if body then body:setBytes(page) else headers:replace("content-length", tostring(#page)) end
end
