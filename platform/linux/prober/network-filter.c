/* A packet filter of one's own: a rule by nf_tables that drops what was sent before. */
#include "netlink.h"
#include "network.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

static const char name[] = "cupel";

static void begin_batch_end(struct request *request, int type)
{
    const struct nfgenmsg header = {0, NFNETLINK_V0, __builtin_bswap16(NFNL_SUBSYS_NFTABLES)};
    begin_message(request, type, 0, &header, sizeof header);
}

static void begin_change(struct request *request, int type)
{
    const struct nfgenmsg header = {NFPROTO_IPV4, NFNETLINK_V0, 0};
    begin_message(request, NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_ACK | NLM_F_CREATE | NLM_F_APPEND, &header,
                  sizeof header);
}

static void put_chain(struct request *request)
{
    begin_change(request, NFT_MSG_NEWCHAIN);
    put_text_attribute(request, NFTA_CHAIN_TABLE, name);
    put_text_attribute(request, NFTA_CHAIN_NAME, name);
    const size_t hook = begin_nested(request, NFTA_CHAIN_HOOK);
    put_number_attribute(request, NFTA_HOOK_HOOKNUM, NF_INET_LOCAL_OUT);
    put_number_attribute(request, NFTA_HOOK_PRIORITY, 0);
    end_nested(request, hook);
    put_text_attribute(request, NFTA_CHAIN_TYPE, "filter");
}

static void put_rule(struct request *request)
{
    begin_change(request, NFT_MSG_NEWRULE);
    put_text_attribute(request, NFTA_RULE_TABLE, name);
    put_text_attribute(request, NFTA_RULE_CHAIN, name);
    const size_t list = begin_nested(request, NFTA_RULE_EXPRESSIONS);
    const size_t element = begin_nested(request, NFTA_LIST_ELEM);
    put_text_attribute(request, NFTA_EXPR_NAME, "immediate");
    const size_t expression = begin_nested(request, NFTA_EXPR_DATA);
    put_number_attribute(request, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
    const size_t data = begin_nested(request, NFTA_IMMEDIATE_DATA);
    const size_t verdict = begin_nested(request, NFTA_DATA_VERDICT);
    put_number_attribute(request, NFTA_VERDICT_CODE, NF_DROP);
    end_nested(request, verdict);
    end_nested(request, data);
    end_nested(request, expression);
    end_nested(request, element);
    end_nested(request, list);
}

static long add_rules(void)
{
    struct request request = {.length = 0};
    begin_batch_end(&request, NFNL_MSG_BATCH_BEGIN);
    begin_change(&request, NFT_MSG_NEWTABLE);
    put_text_attribute(&request, NFTA_TABLE_NAME, name);
    put_chain(&request);
    put_rule(&request);
    begin_batch_end(&request, NFNL_MSG_BATCH_END);
    const long socket = open_netlink(NETLINK_NETFILTER);
    if (socket < 0)
        return socket;
    const long result = send_request(socket, &request);
    kernel_call(__NR_close, socket);
    return result;
}

void report_packet_filter(void)
{
    struct sockaddr_in address = loopback_address(0);
    const long receiver = bind_socket(family_inet, datagram, &address, sizeof address);
    report("filter-control", receiver < 0 ? receiver : send_datagram(&address));
    const long added = add_rules();
    report("filter-rules", added);
    /* What a rule drops on its way out fails with EPERM in sendto(2). */
    if (added == 0)
        report("filter-denied", send_datagram(&address));
    if (receiver >= 0)
        kernel_call(__NR_close, receiver);
}
